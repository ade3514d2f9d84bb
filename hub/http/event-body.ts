import type { IncomingHttpHeaders } from "node:http";
import { ComityError } from "#kernel/errors.js";
import { type Json, parseJson } from "#kernel/json.js";
import { checkEvent, type GivenEvent, parseEvent } from "#proto/codec/cloud-event.js";

/**
 * Reads an event from an HTTP message (CloudEvents 1.0, HTTP protocol binding): structured, the whole event in the body, or binary, the
 * attributes in `ce-` headers and the data in the body. Throws `EVENT_INVALID`.
 */
export function eventFromHttp(headers: IncomingHttpHeaders, body: Uint8Array): GivenEvent {
  const contentType = headers["content-type"] ?? "";
  const media = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  const text = utf8(body);
  if (media === "application/cloudevents-batch+json")
    throw invalid("Several events in one call are not taken.", "Send them one by one.");
  if (media === "application/cloudevents+json") return parseEvent(text);
  if (headers["ce-type"] === undefined)
    throw invalid(
      `This is no event: its content type is ${JSON.stringify(media.slice(0, 80))}, and it has no header ce-type.`,
      "Send it as application/cloudevents+json, or its attributes in ce- headers.",
    );
  const event: Record<string, Json> = contentType === "" ? {} : { datacontenttype: contentType };
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith("ce-") && typeof value === "string") event[name.slice(3)] = percentDecoded(value);
  }
  if (body.byteLength === 0) return checkEvent(event);
  if (media === "application/json" || media.endsWith("+json"))
    return checkEvent({ ...event, data: parseJson(text, "EVENT_INVALID") });
  if (media.startsWith("text/")) return checkEvent({ ...event, data: text });
  throw invalid("Binary data in an event is not taken.", "Send JSON or text.");
}

function utf8(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new ComityError("EVENT_INVALID", "The body is not UTF-8.", { cause });
  }
}

/** Header values of the binding are percent-encoded. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const invalid = (message: string, hint: string): ComityError =>
  new ComityError("EVENT_INVALID", message, { hint });
