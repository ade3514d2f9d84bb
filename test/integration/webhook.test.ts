import assert from "node:assert/strict";
import { request } from "node:https";
import { join } from "node:path";
import { after, afterEach, describe, it } from "mocha";
import { serverContext } from "#certs/tls.js";
import { WebhookListener } from "#hub/http/webhook.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { systemClock } from "#kernel/clock.js";
import { silentLog } from "#kernel/log.js";
import { newWorld } from "../support/engines.js";
import { EventfulEngine } from "../support/events.js";
import { temporaryFolders } from "../support/folders.js";
import { readPage } from "../support/pages.js";
import { authority } from "../support/rpc.js";

const secret = "a secret of the bank";
type Sign = (secret: string, id: string, body: string) => Record<string, string>;
type Headers = Readonly<Record<string, string>>;

describe("the webhook", () => {
  const folder = temporaryFolders();
  const expressions = new JqExpressions();
  after(() => expressions.close());
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** The example of the documentation. */
  async function example(): Promise<Sign> {
    const code = /```js\n([\s\S]*?)```/.exec(await readPage("docs/reference/events.md"))?.[1];
    assert.ok(code !== undefined);
    const url = `data:text/javascript,${encodeURIComponent(code)}`;
    return ((await import(url)) as { signed: Sign }).signed;
  }

  async function started() {
    const store = new Store(await openSqlite(join(await folder(), "hub.db")));
    const hub = await new EventfulEngine(store, newWorld({ expressions })).open();
    const listener = new WebhookListener({
      sources: [{ name: "bank", secret: "bankSecret" }],
      secrets: { find: (name) => (name === "bankSecret" ? secret : undefined) },
      events: hub.events.incoming,
      clock: systemClock,
      log: silentLog,
    });
    listener.rotate(serverContext({ identity: authority.hub() }));
    const port = await listener.listen("127.0.0.1", 0);
    ends.push(async () => {
      await listener.stop();
      await hub.close();
    });
    await hub.schedule("{ on: { one: { with: { type: paid } } } }");
    const call = (path: string, headers: Headers, body: string, method = "POST") =>
      send(port, path, headers, body, method);
    return { hub, call, sign: await example() };
  }

  const structured = { "content-type": "application/cloudevents+json" };
  const event = (id: string) =>
    JSON.stringify({ specversion: "1.0", id, source: "/bank", type: "paid", data: { n: 1 } });

  it("takes a signed event once, structured or binary, signed as the documentation shows", async () => {
    const { hub, call, sign } = await started();
    const body = event("1");
    const first = await call("/events/bank", { ...structured, ...sign(secret, "call-1", body) }, body);
    assert.equal(first.status, 202, JSON.stringify(first.body));
    assert.equal(first.body["started"]?.length, 1);
    assert.deepEqual(
      await call("/events/bank", { ...structured, ...sign(secret, "call-1", body) }, body),
      first,
    );
    assert.deepEqual(
      await call("/events/bank", { ...structured, ...sign(secret, "call-2", body) }, body),
      first,
    );

    const binary = {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-type": "paid",
      "ce-subject": "caf%C3%A9",
    };
    const second = await call("/events/bank", { ...binary, ...sign(secret, "call-3", '{"n":2}') }, '{"n":2}');
    assert.equal(second.status, 202);
    const inputs = (await hub.started()).map(({ input }) => (input as Record<string, unknown>[])[0]);
    assert.equal(inputs.length, 2);
    const { id, source, subject, data } = inputs[1] ?? {};
    assert.deepEqual([id, source, subject, data], ["call-3", "/webhooks/bank", "café", { n: 2 }]);
    // The same call with other attributes is another event under a used name.
    const forged = { ...binary, "ce-subject": "other", ...sign(secret, "call-3", '{"n":2}') };
    assert.equal((await call("/events/bank", forged, '{"n":2}')).status, 409);
  });

  it("refuses what is not signed, wrongly signed, old, too large, no event, or nobody's", async () => {
    const { hub, call, sign } = await started();
    const body = event("1");
    const good: Headers = { ...structured, ...sign(secret, "c", body) };
    const old = `${Math.floor(Date.now() / 1000) - 301}`;
    const cases: [number, string, Headers, string][] = [
      [401, "/events/bank", structured, body],
      [401, "/events/bank", { ...structured, ...sign("another secret", "c", body) }, body],
      [401, "/events/bank", good, event("2")],
      [401, "/events/bank", { ...good, "webhook-id": "d" }, body],
      [401, "/events/bank", { ...good, "webhook-timestamp": old }, body],
      [401, "/events/bank", { ...good, "webhook-timestamp": "soon" }, body],
      [401, "/events/bank", { ...good, "webhook-signature": "v1," }, body],
      [401, "/events/bank", { ...good, "webhook-signature": "v2,AAAA" }, body],
      [401, "/events/nobody", good, body],
      [404, "/events/", good, body],
      [400, "/events/bank", { ...structured, ...sign(secret, "c", "{}") }, "{}"],
      [400, "/events/bank", { "content-type": "text/plain", ...sign(secret, "c", "x") }, "x"],
      [413, "/events/bank", good, "x".repeat(256 * 1024 + 1)],
    ];
    for (const [status, path, headers, text] of cases) {
      const answer = await call(path, headers, text);
      assert.equal(
        answer.status,
        status,
        `${path} ${JSON.stringify(headers)} ${JSON.stringify(answer.body)}`,
      );
    }
    assert.equal((await call("/events/bank", good, "", "GET")).status, 404);
    assert.equal((await hub.started()).length, 0);
    // Signed by the present secret and by the next one: one of them is enough.
    const both = { ...good, "webhook-signature": `v1,AAAA ${good["webhook-signature"] ?? ""}` };
    assert.equal((await call("/events/bank", both, body)).status, 202);
  });

  it("does not start without its secret", () => {
    const parts = {
      events: { fromWebhook: () => Promise.reject(new Error("nothing is served")) },
      clock: systemClock,
      log: silentLog,
    };
    const secrets = { find: () => undefined };
    assert.throws(() => new WebhookListener({ ...parts, secrets, sources: [{ name: "a", secret: "b" }] }), {
      code: "SECRET_NOT_FOUND",
    });
  });
});

function send(port: number, path: string, headers: Headers, body: string, method: string) {
  return new Promise<{ status: number | undefined; body: Record<string, { length: number } | undefined> }>(
    (resolve, reject) => {
      const options = {
        host: "127.0.0.1",
        port,
        path,
        method,
        headers,
        ca: authority.root,
        servername: "localhost",
        agent: false,
      };
      const call = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode,
            body: JSON.parse(Buffer.concat(chunks).toString()) as never,
          }),
        );
      });
      call.on("error", reject);
      call.end(body);
    },
  );
}
