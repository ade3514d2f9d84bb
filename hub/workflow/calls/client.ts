import { type IncomingMessage, type RequestOptions, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { rootCertificates } from "node:tls";
import { FunctionFailure } from "#hub/workflow/function.js";
import { comityVersion } from "#kernel/version.js";
import { readBody } from "./body.js";
import { callFailure } from "./failures.js";
import type { AddressGuard } from "./guard.js";
import type { HttpAnswer, HttpRequest } from "./model.js";
import { nextHop } from "./redirects.js";

export interface HttpClientSettings {
  readonly guard: AddressGuard;
  /** For one call with all its redirects. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Certificates (PEM) that are trusted besides the usual ones. */
  readonly ca?: string;
  /** Sends what is meant for one place to another: for tests against stand-ins. */
  readonly route?: (url: URL) => URL;
}

/** Without settings: what a call may take, and what an answer may hold. The journal and jq have to carry every answer. */
export const callLimits = { timeoutMs: 30_000, maxBytes: 256 * 1024, maxRedirects: 5 } as const;

/** HTTP to services outside, each connection under the {@link AddressGuard}. One connection for each request: nothing is left open. */
export class HttpClient {
  readonly guard: AddressGuard;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly route: (url: URL) => URL;
  readonly ca: string | undefined;

  constructor(settings: HttpClientSettings) {
    const { guard, timeoutMs = callLimits.timeoutMs, maxBytes = callLimits.maxBytes, ca, route } = settings;
    this.guard = guard;
    this.timeoutMs = timeoutMs;
    this.maxBytes = maxBytes;
    this.route = route ?? ((url) => url);
    this.ca = ca;
  }

  /** Throws a FunctionFailure when there is no whole answer; every status is an answer. An abort rejects with the signal's reason. */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const late = AbortSignal.timeout(this.timeoutMs);
    const either = AbortSignal.any([signal, late]);
    let hop = request;
    try {
      for (let redirects = 0; ; redirects++) {
        const answer = await abortable(this.#exchange(hop, either), either);
        const next = request.redirect === true ? nextHop(hop, answer) : undefined;
        if (next === undefined) return answer;
        if (redirects === callLimits.maxRedirects)
          throw callFailure(
            "communication",
            `${placeOf(request.url)} redirects more than ${redirects} times`,
            {
              status: 502,
            },
          );
        hop = next;
      }
    } catch (thrown) {
      signal.throwIfAborted();
      if (late.aborted)
        throw callFailure("timeout", `${placeOf(hop.url)} has not answered in time`, {
          detail: `A call may take ${this.timeoutMs / 1000} s (http.timeoutMs in hub.yaml).`,
          cause: thrown,
        });
      throw thrown;
    }
  }

  /** Throws the failure of {@link send} where the address alone makes it certain; asks nobody. */
  checkWritten(url: URL): void {
    checkUrl(url);
    this.guard.checkWritten(this.route(url).hostname);
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { url, method, headers, body, enough } = request;
    checkUrl(url);
    const target = this.route(url);
    const addresses = await this.guard.resolve(target.hostname);
    signal.throwIfAborted();
    const options: RequestOptions = {
      method: method.toUpperCase(),
      headers: {
        "user-agent": `comity/${comityVersion}`,
        accept: "*/*",
        "accept-encoding": "identity",
        ...headers,
        host: url.host,
        ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
      },
      agent: false,
      signal,
      lookup: (_host, { all }, done) => {
        const [first] = addresses;
        if (all === true) done(null, [...addresses]);
        else done(null, first?.address ?? "", first?.family);
      },
    };
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent =
          target.protocol === "https:"
            ? requestTls(target, { ...options, ...trusted(this.ca) }, resolve)
            : requestPlain(target, options, resolve);
        sent.on("error", reject);
        sent.end(body);
      });
      const maxBytes = request.maxBytes ?? this.maxBytes;
      const read = await readBody(response, { maxBytes, place: placeOf(url), enough });
      return { status: response.statusCode ?? 0, headers: plainHeaders(response), body: read, url };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      throw connectionFailure(url, thrown);
    }
  }
}

/** A URL for messages: without its query, which may be long or private. */
export const placeOf = ({ origin, pathname }: URL): string => `${origin}${pathname}`.slice(0, 200);

function checkUrl(url: URL): void {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw callFailure("configuration", `The hub does not call ${url.protocol.slice(0, 40)} addresses`, {
      detail: "An endpoint begins with https:// or http://.",
    });
  if (url.username !== "" || url.password !== "")
    throw callFailure("configuration", "The endpoint has a user name or a password in it", {
      detail: "Credentials belong in the endpoint's authentication.",
    });
}

function connectionFailure(url: URL, thrown: unknown): Error {
  if (thrown instanceof FunctionFailure) return thrown;
  if (!(thrown instanceof Error) || !("code" in thrown) || typeof thrown.code !== "string")
    return thrown as Error;
  const code = thrown.code;
  if (code === "ERR_INVALID_CHAR" || code === "ERR_INVALID_HTTP_TOKEN" || code === "ERR_UNESCAPED_CHARACTERS")
    return callFailure("configuration", "A header or the method has characters that HTTP does not allow", {
      cause: thrown,
    });
  // The rest of Node's own codes tell of mistakes in this program.
  if (!/^(?!ERR_)|^ERR_(?:TLS|SSL|STREAM)_/.test(code)) return thrown;
  return callFailure("communication", `${url.origin} could not be reached`, {
    status: 503,
    detail: `${code}.`,
    cause: thrown,
  });
}

const trusted = (ca: string | undefined) => (ca === undefined ? {} : { ca: [...rootCertificates, ca] });

function plainHeaders(response: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}

/** Rejects when the signal fires, even while the promise cannot be stopped (a question to the DNS). */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
    promise.catch(() => undefined);
  }
}
