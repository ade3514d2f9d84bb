import { randomUUID } from "node:crypto";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { ComityError, type ErrorCode, isErrorCode } from "#kernel/errors.js";
import { status } from "#kernel/grpc-status.js";
import type { Log } from "#kernel/log.js";
import { printable } from "#kernel/words.js";
import { wire } from "./limits.js";

const codeKey = "comity-code";
const hintKey = "comity-hint";

/** A status as grpc-js takes it from a handler. */
export interface CallStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * Any thrown thing as a gRPC status: the sentence as details, the code and the hint as trailing metadata. What was not
 * thrown on purpose becomes `INTERNAL` with a reference; its details go to the log only.
 */
export function toStatus(thrown: unknown, log: Log, method: string): CallStatus {
  let error = ComityError.from(thrown);
  if (error.code === "INTERNAL") {
    const reference = randomUUID().slice(0, 8);
    log.error({ err: thrown, reference, method }, "a call failed unexpectedly");
    error = new ComityError(
      "INTERNAL",
      `Something unexpected went wrong at the hub; its log has it as ${reference}.`,
    );
  }
  const metadata = new Metadata();
  metadata.set(codeKey, error.code);
  if (error.hint !== undefined)
    metadata.set(hintKey, escapeHeader(cutText(error.hint, wire.maxSentenceBytes)));
  return { code: error.kind.grpc, details: cutText(error.message, wire.maxSentenceBytes), metadata };
}

/** Well-formed text of at most so many bytes of UTF-8; grpc-js throws on a lone surrogate and loses a very long sentence. */
export function cutText(text: string, maxBytes: number): string {
  const whole = text.slice(0, maxBytes).toWellFormed();
  if (text.length <= maxBytes && Buffer.byteLength(whole) <= maxBytes) return whole;
  const bytes = Buffer.from(whole).subarray(0, maxBytes - 3);
  // A character cut in two at the end decodes to U+FFFD.
  return `${bytes.toString().replace(/\uFFFD+$/, "")}…`;
}

/** Header values are printable ASCII: everything else, and `%`, is percent-encoded. Plain sentences stay readable. */
function escapeHeader(text: string): string {
  return text.replace(/[^ -$&-~]+/gu, (part) => encodeURIComponent(part));
}

function unescapeHeader(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether a thrown thing is an error of grpc-js. */
export function isServiceError(thrown: unknown): thrown is ServiceError {
  return (
    thrown instanceof Error && "code" in thrown && typeof thrown.code === "number" && "details" in thrown
  );
}

/** The code for a status that carries none of ours: from grpc-js itself, from a proxy, or from another server. */
const codeOfStatus: Partial<Record<number, ErrorCode>> = {
  [status.CANCELLED]: "HUB_UNREACHABLE",
  [status.INVALID_ARGUMENT]: "ARGUMENT_INVALID",
  [status.DEADLINE_EXCEEDED]: "DEADLINE_EXCEEDED",
  [status.ALREADY_EXISTS]: "ALREADY_EXISTS",
  [status.PERMISSION_DENIED]: "PERMISSION_DENIED",
  [status.RESOURCE_EXHAUSTED]: "RATE_LIMITED",
  [status.UNIMPLEMENTED]: "PROTOCOL_UNSUPPORTED",
  [status.UNAVAILABLE]: "HUB_UNREACHABLE",
  [status.UNAUTHENTICATED]: "UNAUTHENTICATED",
};

/**
 * An error of a call as the {@link ComityError} that the hub threw: same code, same sentence, same hint. Where the hub
 * never spoke, the sentence names the target (`host:port`). A stream that the hub cancels unasked means it stopped.
 */
export function fromServiceError(thrown: unknown, target: string): ComityError {
  if (!isServiceError(thrown)) return ComityError.from(thrown);
  const [code] = thrown.metadata.get(codeKey);
  const [hint] = thrown.metadata.get(hintKey);
  const details = thrown.details
    .slice(0, 2 * wire.maxSentenceBytes)
    .split("\n")
    .map((line) => printable(line, Number.POSITIVE_INFINITY))
    .join("\n");
  if (typeof code === "string" && isErrorCode(code)) {
    return new ComityError(
      code,
      details,
      typeof hint === "string" ? { hint: unescapeHeader(hint), cause: thrown } : { cause: thrown },
    );
  }
  const mapped = /larger than/.test(details)
    ? "MESSAGE_TOO_LARGE"
    : (codeOfStatus[thrown.code] ?? "INTERNAL");
  if (mapped === "HUB_UNREACHABLE") return unreachable(target, details, thrown);
  if (mapped === "DEADLINE_EXCEEDED") {
    return new ComityError(mapped, `The hub at ${target} did not answer in time.`, { cause: thrown });
  }
  if (mapped === "PROTOCOL_UNSUPPORTED") {
    return new ComityError(mapped, `The hub at ${target} does not know this call: ${details}`, {
      hint: "Check the address and the port, and that hub and client are of the same version.",
      cause: thrown,
    });
  }
  return new ComityError(mapped, `The call to ${target} failed: ${details}`, { cause: thrown });
}

/** `HUB_UNREACHABLE` with the reason that grpc-js, OpenSSL or the operating system gave, and what to look at. */
export function unreachable(target: string, reason: string, cause?: unknown): ComityError {
  const last = /Last error: (.*)$/s.exec(reason)?.[1] ?? reason;
  const text = last
    .replace(/ \(\d{4}-[^)]*Z\)/, "")
    .replace(/\.? Resolution note:.*$/s, "")
    .replace(/^Error: /, "")
    .replace(/\.$/, "");
  return new ComityError("HUB_UNREACHABLE", `The hub at ${target} cannot be reached: ${text}.`, {
    hint: hintFor(text),
    cause,
  });
}

function hintFor(reason: string): string {
  if (/ECONNREFUSED/.test(reason))
    return "Check that the hub runs and that the address and the port are right.";
  if (/ENOTFOUND|EAI_AGAIN|Name resolution/.test(reason))
    return "Check the host name and this machine's name service.";
  if (/proxy/i.test(reason)) return "Check the proxy's address and credentials.";
  if (/not yet valid|expired/.test(reason))
    return "Check the clocks of both machines, then the hub's certificate.";
  if (/altnames|self.signed|issuer|verify|certificate/i.test(reason)) {
    return "The certificate does not fit the address or the trusted root: check both; somebody may stand in between.";
  }
  return "Check the address, the network and the proxy; the call may be repeated.";
}
