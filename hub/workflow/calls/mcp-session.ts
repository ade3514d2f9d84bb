import { z } from "zod";
import type { Json, JsonObject } from "#kernel/json.js";
import { jsonOf, mediaType } from "./body.js";
import { placeOf } from "./client.js";
import { withoutCredentials } from "./credentials.js";
import { eventsOf } from "./event-stream.js";
import { callFailure } from "./failures.js";
import { type CallAuthentication, jsonForm } from "./forms.js";
import type { HttpAnswer } from "./model.js";
import type { Sender } from "./sender.js";

/** Versions of the protocol with streamable HTTP that this client can speak. */
const versions = ["2025-03-26", "2025-06-18", "2025-11-25"];

/** JSON-RPC 2.0; other messages of a stream (progress, questions to the client) do not fit, and are passed over. */
const replyForm = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.number(), z.string()]),
  result: jsonForm.optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).optional(),
});

const initializedForm = z.looseObject({ protocolVersion: z.string() });

interface Place {
  readonly sender: Sender;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly authentication: CallAuthentication | undefined;
  readonly signal: AbortSignal;
}

/** A session with an MCP server over streamable HTTP (MCP, "Transports"). */
export class McpSession {
  readonly #place: Place;
  /** What each request after the first carries. */
  readonly #own: Record<string, string> = {};
  #id = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Agrees on a version. Throws a failure of type `configuration` when there is none that both know. */
  async begin(protocolVersion: string, clientInfo: JsonObject): Promise<void> {
    if (!versions.includes(protocolVersion)) throw unknownVersion("The hub does not speak", protocolVersion);
    const answer = await this.ask("initialize", { protocolVersion, capabilities: {}, clientInfo });
    const { data } = initializedForm.safeParse(answer);
    const agreed = data?.protocolVersion ?? "";
    if (!versions.includes(agreed)) throw unknownVersion("The server speaks", agreed);
    this.#own["mcp-protocol-version"] = agreed;
    await this.#post({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  /** The result. Throws a failure: `runtime` for an error that the server tells, `communication` for what is no answer. */
  async ask(
    method: string,
    params: JsonObject,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Json> {
    const id = ++this.#id;
    const answer = await this.#post(
      { jsonrpc: "2.0", id, method, params },
      headers,
      (body) => replyTo(id, streamed(body)) !== undefined,
    );
    const session = answer.headers["mcp-session-id"];
    if (session !== undefined) this.#own["mcp-session-id"] = session;
    const text = answer.body.toString("utf8");
    const { media } = mediaType(answer.headers["content-type"]);
    const place = placeOf(this.#place.url);
    const reply = replyTo(id, media === "text/event-stream" ? streamed(text) : [jsonOf(text, place)]);
    if (reply === undefined)
      throw callFailure("communication", `${place} does not answer ${method}`, { status: 502 });
    if (reply.error === undefined) return reply.result ?? null;
    const { code, message } = reply.error;
    const said = withoutCredentials(message, this.#place.authentication);
    throw callFailure("runtime", `${method} has failed at ${place}`, { heard: `(${code}) ${said}` });
  }

  /** Tells the server that the session is over; whether it hears it does not matter. */
  async end(): Promise<void> {
    if (this.#own["mcp-session-id"] === undefined || this.#place.signal.aborted) return;
    const { sender, url, headers, authentication, signal } = this.#place;
    const request = { method: "DELETE", url, headers: { ...headers, ...this.#own } };
    await sender.send(request, authentication, signal).catch(() => undefined);
  }

  async #post(
    message: JsonObject,
    more: Readonly<Record<string, string>> = {},
    enough?: (body: string) => boolean,
  ): Promise<HttpAnswer> {
    const { sender, url, headers, authentication, signal } = this.#place;
    const answer = await sender.send(
      {
        method: "POST",
        url,
        headers: {
          ...headers,
          ...more,
          ...this.#own,
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
        },
        body: JSON.stringify(message),
        ...(enough === undefined ? {} : { enough }),
      },
      authentication,
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw callFailure("communication", `POST ${placeOf(url)} answers ${answer.status}`, {
      status: answer.status,
    });
  }
}

function replyTo(id: number, messages: readonly unknown[]) {
  for (const message of messages) {
    const { data } = replyForm.safeParse(message);
    if (data?.id === id && (data.error !== undefined || data.result !== undefined)) return data;
  }
  return undefined;
}

/** The messages of a stream, as far as it has come. */
function streamed(text: string): readonly unknown[] {
  return eventsOf(text).flatMap((data) => {
    try {
      return [jsonOf(data, "The stream")];
    } catch {
      return [];
    }
  });
}

const unknownVersion = (who: string, version: string): Error =>
  callFailure("configuration", `${who} the version ${JSON.stringify(version.slice(0, 40))} of MCP`, {
    detail: `Versions in common can be ${versions.join(", ")}.`,
  });
