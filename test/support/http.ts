import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { afterEach } from "mocha";
import { portOf } from "./tls.js";

/** A request that has come in whole. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What a stub answers: a status with a body (not a text: JSON), or whatever the function writes. */
export type StubAnswer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | ((response: ServerResponse) => void);

/** A service on a free loopback port. */
export interface HttpStub {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or https. */
  readonly origin: string;
  readonly seen: SeenRequest[];
}

type Answer = (request: SeenRequest) => StubAnswer;

/** Services that answer what a test says; all are gone after each test of the suite. */
export function httpStubs(): (answer: Answer, tls?: ServerOptions) => Promise<HttpStub> {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  });
  return async (answer, tls) => {
    const seen: SeenRequest[] = [];
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      readAll(request)
        .then((body) => {
          const one = {
            method: request.method ?? "",
            path: request.url ?? "",
            headers: request.headers,
            body,
          };
          seen.push(one);
          write(response, answer(one));
        })
        .catch(() => response.destroy());
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    servers.push(server);
    server.on("clientError", (_error, socket) => socket.destroy());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const port = portOf(server);
    return { port, origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`, seen };
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function write(response: ServerResponse, answer: StubAnswer): void {
  if (typeof answer === "function") {
    answer(response);
    return;
  }
  const { status = 200, headers = {}, body } = answer;
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const type = raw || body === undefined ? {} : { "content-type": "application/json" };
  response.writeHead(status, { ...type, ...headers });
  response.end(raw || body === undefined ? body : JSON.stringify(body));
}
