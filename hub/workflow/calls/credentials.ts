import { createHash, randomBytes } from "node:crypto";
import { type Hidden, hider } from "#hub/workflow/hiding.js";
import { callFailure } from "./failures.js";
import type { CallAuthentication } from "./forms.js";

interface Login {
  readonly username: string;
  readonly password: string;
}

/** RFC 7617, in UTF-8. */
export const basicHeader = ({ username, password }: Login): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** The strongest first. */
const algorithms = [
  ["SHA-512-256", "sha512-256"],
  ["SHA-256", "sha256"],
  ["MD5", "md5"],
] as const;

/** Answers a challenge with digest authentication (RFC 7616, `qop=auth`). Throws a failure when there is none that we know. */
export function digestHeader(
  challenge: string,
  { username, password }: Login,
  { method, url }: { readonly method: string; readonly url: URL },
): string {
  const offered = challengesOf(challenge);
  for (const [name, hash] of algorithms) {
    const found = offered.find(
      ({ algorithm = "MD5" }) => algorithm.toUpperCase().replace(/-SESS$/, "") === name,
    );
    const qops = found?.["qop"]?.split(",").map((qop) => qop.trim());
    const { realm, nonce, opaque } = found ?? {};
    if (found === undefined || realm === undefined || nonce === undefined) continue;
    if (qops !== undefined && !qops.includes("auth")) continue;
    const digest = (text: string) => createHash(hash).update(text).digest("hex");
    const uri = url.pathname + url.search;
    const [cnonce, nc] = [randomBytes(16).toString("hex"), "00000001"];
    const plain = digest(`${username}:${realm}:${password}`);
    const session = found["algorithm"]?.toUpperCase().endsWith("-SESS") === true;
    const one = session ? digest(`${plain}:${nonce}:${cnonce}`) : plain;
    const two = digest(`${method.toUpperCase()}:${uri}`);
    // Without `qop` the server speaks RFC 2069.
    const response = digest(
      qops === undefined ? `${one}:${nonce}:${two}` : `${one}:${nonce}:${nc}:${cnonce}:auth:${two}`,
    );
    const quoted = { username, realm, nonce, uri, response, ...(opaque !== undefined && { opaque }) };
    return [
      `Digest ${Object.entries(quoted)
        .map(([key, value]) => `${key}="${value.replace(/["\\]/g, "\\$&")}"`)
        .join(", ")}`,
      ...(found["algorithm"] === undefined ? [] : [`algorithm=${found["algorithm"]}`]),
      ...(qops === undefined ? [] : ["qop=auth", `nc=${nc}`, `cnonce="${cnonce}"`]),
    ].join(", ");
  }
  throw callFailure("authentication", `${url.origin} asks for another authentication than digest`, {
    detail: "The hub knows the algorithms MD5, SHA-256 and SHA-512-256, with qop=auth.",
  });
}

/** The parameters of each challenge `Digest` in a header `www-authenticate`, which may hold several challenges. */
function challengesOf(header: string): Readonly<Record<string, string>>[] {
  const found: Record<string, string>[] = [];
  let current: Record<string, string> | undefined;
  const tokens = header
    .slice(0, 8192)
    .matchAll(/([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g);
  for (const [, name = "", quoted, plain] of tokens) {
    const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    if (value !== undefined) {
      if (current !== undefined) current[name.toLowerCase()] = value;
      continue;
    }
    current = name.toLowerCase() === "digest" ? {} : undefined;
    if (current !== undefined) found.push(current);
  }
  return found;
}

/** What a service says of a refusal, without anything that an authentication names: the service may repeat it. */
export function withoutCredentials(said: string, authentication: CallAuthentication | undefined): string {
  return hider(textsOf(authentication ?? null).map(hidden), 1)(said);
}

/**
 * What a service may repeat of a header `authorization`: all but the scheme, and the proof of a digest alone: with
 * either, somebody else could ask in the caller's name.
 */
export function hideAuthorization(authorization: string): (text: string) => string {
  const [, credentials = ""] = /^\S+\s+(.*)$/s.exec(authorization) ?? [];
  const response = /\bresponse="([^"]+)"/.exec(credentials)?.[1];
  return hider([credentials, ...(response === undefined ? [] : [response])].map(hidden));
}

const hidden = (text: string): Hidden => ({ text, by: "[secret]" });

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
