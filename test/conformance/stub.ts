import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { petstore } from "./petstore.js";

/** The host that our own scenarios call. */
export const stubHost = "service.example.org";

/** What a stand-in answers: JSON unless the body is text. */
interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A stand-in for the public services that conformance scenarios call, on a free loopback port. */
export interface Stub extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** Starts a stand-in. It is a shop of pets, and a service that says what it was asked, wants credentials, redirects or fails. */
export async function startStub(): Promise<Stub> {
  const failures = new Map<string, number>();
  const server = createServer((request, response) => {
    readAll(request)
      .then((body) => write(response, answer(request, body, failures)))
      .catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(request: IncomingMessage, body: string, failures: Map<string, number>): Answer {
  const url = new URL(request.url ?? "/", "http://stub");
  const [first = "", ...rest] = url.pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  switch (first) {
    case "v2":
      return petstore(rest, url.searchParams, request.headers.host ?? "");
    case "anything":
      return { body: described(request, url, body) };
    case "basic-auth":
      return admitted(request, `Basic ${Buffer.from(rest.join(":")).toString("base64")}`);
    case "bearer":
      return admitted(request, `Bearer ${rest[0] ?? ""}`);
    case "status":
      return { status: Number(rest[0]), body: { status: Number(rest[0]) } };
    case "redirect-to":
      return { status: 302, headers: { location: url.searchParams.get("url") ?? "/" } };
    case "text":
      return { headers: { "content-type": "text/plain; charset=utf-8" }, body: rest[0] ?? "" };
    case "broken":
      return { headers: { "content-type": "application/json" }, body: "{ this is not JSON" };
    case "empty":
      return { status: 204 };
    case "flaky":
      return flaky(rest[0] ?? "", Number(rest[1]), failures);
    default:
      return { status: 404, body: { message: `There is no ${url.pathname}.` } };
  }
}

/** Like httpbin's `/anything`: what the request was. */
function described(request: IncomingMessage, url: URL, body: string): unknown {
  const json = /json/.test(request.headers["content-type"] ?? "");
  return {
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(
      [...url.searchParams.keys()].map((key) => [key, url.searchParams.getAll(key).join()]),
    ),
    headers: request.headers,
    body: body === "" ? null : json ? (JSON.parse(body) as unknown) : body,
  };
}

function admitted(request: IncomingMessage, wanted: string): Answer {
  if (request.headers.authorization === wanted) return { body: { authenticated: true } };
  return {
    status: 401,
    headers: { "www-authenticate": 'Basic realm="stub"' },
    body: { authenticated: false },
  };
}

/** Fails the first times that a key is asked for. */
function flaky(key: string, times: number, failures: Map<string, number>): Answer {
  const before = failures.get(key) ?? 0;
  failures.set(key, before + 1);
  return before < times ? { status: 503, body: { attempt: before + 1 } } : { body: { attempt: before + 1 } };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function write(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  const type = body === undefined || typeof body === "string" ? {} : { "content-type": "application/json" };
  response.writeHead(status, { ...type, ...headers });
  response.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
}
