import { callFailure } from "./failures.js";
import type { HttpAnswer, HttpRequest } from "./model.js";

/** What another host may see of the headers: nothing that could be a credential. */
const harmless = new Set(["accept", "accept-language", "content-type"]);

/**
 * The request that a redirect asks for (RFC 9110, section 15.4); undefined when the answer is none. What was written for one origin
 * stays there: of the headers only harmless ones go to another. Throws a failure for a step from https to http.
 */
export function nextHop(request: HttpRequest, { status, headers }: HttpAnswer): HttpRequest | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const { body, ...rest } = request;
  if (!URL.canParse(location, request.url.href))
    throw callFailure("communication", `${request.url.origin} redirects to what is no address`, {
      status: 502,
    });
  const url = new URL(location, request.url);
  if (request.url.protocol === "https:" && url.protocol === "http:")
    throw callFailure("communication", `${request.url.origin} redirects from https to http`, {
      status: 502,
      detail: "What was meant to be encrypted is not sent in the clear.",
    });
  const kept =
    url.origin === request.url.origin ? request.headers : only(request.headers, (name) => harmless.has(name));
  const method = request.method.toUpperCase();
  const asGet =
    (status === 303 && method !== "HEAD") || ((status === 301 || status === 302) && method === "POST");
  if (asGet) return { ...rest, url, method: "GET", headers: only(kept, (name) => name !== "content-type") };
  return { ...rest, url, headers: kept, ...(body === undefined ? {} : { body }) };
}

const only = (headers: HttpRequest["headers"], keep: (name: string) => boolean): HttpRequest["headers"] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)));
