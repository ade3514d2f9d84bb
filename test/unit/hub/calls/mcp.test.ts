import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Json } from "#kernel/json.js";
import { httpStubs, type SeenRequest, type StubAnswer } from "#test/support/http.js";
import { caller, failureOf } from "./caller.js";

type Message = { readonly id?: number; readonly method: string; readonly params?: Record<string, Json> };

describe("call: mcp", () => {
  const stub = httpStubs();
  const call = caller();

  /** A server with the session `s1`; `answer` is for everything after the beginning. */
  async function serve(answer: (message: Message) => StubAnswer, protocolVersion = "2025-06-18") {
    const service = await stub(({ method, body }: SeenRequest): StubAnswer => {
      if (method === "DELETE") return { status: 204 };
      const message = JSON.parse(body) as Message;
      if (message.id === undefined) return { status: 202 };
      if (message.method !== "initialize") return answer(message);
      const result = { protocolVersion, capabilities: {}, serverInfo: { name: "stub", version: "1" } };
      return { headers: { "mcp-session-id": "s1" }, body: { jsonrpc: "2.0", id: message.id, result } };
    });
    const ask = (method: string, parameters?: Json, more: object = {}) =>
      call("mcp", {
        method,
        ...(parameters === undefined ? {} : { parameters }),
        transport: {
          http: {
            endpoint: { uri: `${service.origin}/mcp`, authentication: { bearer: { token: "t0k3n" } } },
          },
        },
        ...more,
      });
    return { ...service, ask };
  }

  const result = (id: number | undefined, value: Json): StubAnswer => ({
    body: { jsonrpc: "2.0", id: id ?? null, result: value },
  });

  it("begins a session, asks, and ends it", async () => {
    const { ask, seen } = await serve(({ id, params }) => result(id, { content: [], echo: params ?? null }));
    const output = await ask("tools/call", { name: "add", arguments: { a: 1 } });
    assert.deepEqual(output, { content: [], echo: { name: "add", arguments: { a: 1 } } });
    assert.deepEqual(
      seen.map(({ method, body }) => [method, body === "" ? "" : (JSON.parse(body) as Message).method]),
      [
        ["POST", "initialize"],
        ["POST", "notifications/initialized"],
        ["POST", "tools/call"],
        ["DELETE", ""],
      ],
    );
    const [first, ...later] = seen;
    assert.equal(first?.headers["mcp-session-id"], undefined);
    for (const { headers } of later)
      assert.deepEqual([headers["mcp-session-id"], headers["mcp-protocol-version"]], ["s1", "2025-06-18"]);
    for (const { headers } of seen) assert.equal(headers.authorization, "Bearer t0k3n");
    // The effect's name belongs to the one request that has the effect.
    assert.deepEqual(
      seen.map(({ headers }) => headers["idempotency-key"]),
      [undefined, undefined, "run-1/effect-1", undefined],
    );
    assert.match(first?.headers.accept ?? "", /text\/event-stream/);
  });

  it("takes the answer out of a stream that stays open", async () => {
    const { ask } = await serve(({ id }) => (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const progress = { jsonrpc: "2.0", method: "notifications/progress", params: {} };
      const question = { jsonrpc: "2.0", id, method: "sampling/createMessage" };
      for (const message of [progress, question])
        response.write(`: hello\r\nevent: message\r\ndata: ${JSON.stringify(message)}\r\n\r\n`);
      response.write(`data: {"jsonrpc":"2.0","id":${id ?? 0},\ndata: "result":{"tools":[]}}\n`);
      setImmediate(() => response.write("\n"));
    });
    assert.deepEqual(await ask("tools/list"), { tools: [] });
  });

  it("fails with what the server says, and with no secret", async () => {
    const { ask, seen } = await serve(({ id }) => ({
      body: { jsonrpc: "2.0", id, error: { code: -32602, message: "no tool for t0k3n" } },
    }));
    const error = await failureOf(ask("tools/call", { name: "x" }));
    assert.deepEqual(
      [error.kind, error.status, error.detail],
      ["runtime", 500, "(-32602) no tool for [secret]"],
    );
    assert.equal(seen.at(-1)?.method, "DELETE");
    const gone = await serve(() => ({ status: 404 }));
    assert.equal((await failureOf(gone.ask("tools/list"))).status, 404);
    const wrong = await serve(({ id }) => result((id ?? 0) + 1, {}));
    assert.deepEqual((await failureOf(wrong.ask("tools/list"))).status, 502);
  });

  it("speaks versions that it knows, and no others", async () => {
    const newer = await serve(({ id }) => result(id, {}), "2025-11-25");
    await newer.ask("prompts/list");
    assert.equal(newer.seen[2]?.headers["mcp-protocol-version"], "2025-11-25");
    const old = await serve(({ id }) => result(id, {}), "2024-11-05");
    assert.equal((await failureOf(old.ask("tools/list"))).kind, "configuration");
    assert.equal(
      (await failureOf(old.ask("tools/list", {}, { protocolVersion: "1999-01-01" }))).kind,
      "configuration",
    );
  });

  it("waits no longer than its timeout says", async () => {
    const { ask } = await serve(() => () => undefined);
    assert.equal((await failureOf(ask("tools/list", {}, { timeout: { milliseconds: 50 } }))).kind, "timeout");
    assert.equal((await failureOf(ask("tools/list", {}, { timeout: "soon" }))).kind, "configuration");
  });

  it("keeps to the guard, and starts no programs", async () => {
    const transport = { http: { endpoint: "http://10.0.0.1/mcp" } };
    assert.equal((await failureOf(call("mcp", { method: "tools/list", transport }))).kind, "authorization");
    await assert.rejects(call("mcp", { method: "tools/list", transport: { stdio: { command: "sh" } } }), {
      code: "ARGUMENT_INVALID",
    });
  });
});
