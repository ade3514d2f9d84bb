import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { Secrets } from "#hub/workflow/engine/model.js";
import type { EventAnswer, IncomingEvents } from "#hub/workflow/events/incoming.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import { maxEventBytes } from "#proto/codec/cloud-event.js";
import { eventFromHttp } from "./event-body.js";
import { checkSignature, type SignedHeaders, wrong } from "./signature.js";

/** A sender that has not sent its headers, or its whole call, by then is cut off. */
const headersMs = 5_000;
const requestMs = 10_000;
/** How often slow senders are looked for. */
const slowCheckMs = 1_000;
const handshakeMs = 5_000;
const maxConnections = 256;

/** A webhook that may send: its path is `/events/NAME`. */
interface WebhookSource {
  readonly name: string;
  /** The name of the secret that it signs with. */
  readonly secret: string;
}

interface Parts {
  readonly sources: readonly WebhookSource[];
  readonly secrets: Secrets;
  readonly events: Pick<IncomingEvents, "fromWebhook">;
  readonly clock: Clock;
  readonly log: Log;
}

/** The HTTPS port for events: what is signed with a source's secret goes to the workflows; 202 leaves after the commit. */
export class WebhookListener {
  readonly #parts: Parts;
  readonly #server: Server;
  /** In place of the secret of a source that there is not: an unknown name costs and looks the same as a wrong signature. */
  readonly #noSecret = randomBytes(32).toString("base64");

  /** Throws `SECRET_NOT_FOUND` when a source's secret is not a text of the hub's secrets. */
  constructor(parts: Parts) {
    this.#parts = parts;
    for (const source of parts.sources) this.#secretOf(source);
    this.#server = createServer(
      {
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: slowCheckMs,
        keepAliveTimeout: requestMs,
        handshakeTimeout: handshakeMs,
        maxHeaderSize: 16 * 1024,
        minVersion: "TLSv1.3",
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = maxConnections;
    this.#server.on("tlsClientError", (_error, socket) => socket.destroy());
  }

  /** From the next connection on. */
  readonly rotate = (context: SecureContextOptions): void => this.#server.setSecureContext(context);

  /** Opens the port; returns its number. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Lets calls under way end, for so long as a slow one may take. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    await closed;
  }

  #secretOf({ name, secret }: WebhookSource): string {
    const found = this.#parts.secrets.find(secret);
    if (typeof found === "string" && found !== "") return found;
    throw new ComityError(
      "SECRET_NOT_FOUND",
      `The webhook ${name} needs the secret ${secret}, and this hub has no such text.`,
      {
        hint: "Whoever runs the hub adds it to the hub's secrets, or takes the webhook out of hub.yaml.",
      },
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#take(request);
      const { eventId: id, runs, started } = answer;
      reply(response, 202, { id, runs, started });
    } catch (thrown) {
      const error = ComityError.from(thrown);
      const status = error.kind.retryable === true ? 503 : (statuses[error.code] ?? 500);
      const { url, socket } = request;
      this.#parts.log.warn(
        { url: url?.slice(0, 200), peer: socket.remoteAddress, code: error.code, status },
        `a webhook call was refused: ${error.message}`,
      );
      const told = status === 500 ? new ComityError("INTERNAL", "The hub could not take the event.") : error;
      if (status === 503) response.setHeader("retry-after", "5");
      // What is still to come of the body is not waited for.
      if (!request.complete) response.setHeader("connection", "close");
      reply(response, status, { code: told.code, message: told.message, hint: told.hint });
    }
  }

  async #take(request: IncomingMessage): Promise<EventAnswer> {
    const { sources, events, clock } = this.#parts;
    const name = /^\/events\/([^/?#]{1,63})$/.exec(request.url ?? "")?.[1];
    if (name === undefined || request.method !== "POST")
      throw new ComityError("ARGUMENT_INVALID", "Events are sent with POST to /events/NAME.");
    const body = await bodyOf(request);
    const source = sources.find((one) => one.name === name);
    const call = signedHeaders(request);
    checkSignature(source === undefined ? this.#noSecret : this.#secretOf(source), call, body, clock.nowMs());
    return events.fromWebhook(name, call.id, eventFromHttp(request.headers, body));
  }
}

/** HTTP statuses of refusals; what is not here is the hub's own fault. */
const statuses: Readonly<Record<string, number>> = {
  ARGUMENT_INVALID: 404,
  SIGNATURE_WRONG: 401,
  EVENT_INVALID: 400,
  OP_ID_REUSED: 409,
  MESSAGE_TOO_LARGE: 413,
};

function signedHeaders({ headers }: IncomingMessage): SignedHeaders {
  const of = (name: string): string => {
    const value = headers[name];
    if (typeof value === "string" && value !== "" && value.length <= 1000) return value;
    throw wrong(`The call has no header ${name}.`);
  };
  const call = {
    id: of("webhook-id"),
    timestamp: of("webhook-timestamp"),
    signature: of("webhook-signature"),
  };
  if (/^[\x21-\x7e]{1,200}$/.test(call.id)) return call;
  throw wrong("The header webhook-id must have 1 to 200 characters without spaces.");
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const tooLarge = () => new ComityError("MESSAGE_TOO_LARGE", "The body is larger than 256 KiB.");
  if (Number(request.headers["content-length"] ?? 0) > maxEventBytes) throw tooLarge();
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxEventBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
