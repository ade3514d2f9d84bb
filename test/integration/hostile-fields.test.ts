import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Role } from "#hub/access/roles.js";
import { table } from "#hub/access/table.js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { newOpId } from "#kernel/ids.js";
import type { RpcChannel } from "#proto/rpc/channel.js";
import { roles } from "#proto/rpc/principal.js";
import { type AnyMethod, methods } from "../fuzz/messages.js";
import { hostileRequest } from "../fuzz/requests.js";
import { joinSite, startTestHub, type TestHub } from "../support/hub.js";

/** Of each method by each caller. */
const cases = Number(process.env["COMITY_FUZZ_CASES"] ?? 8);

/** Whoever may call something, as the table of access names them. */
interface Caller {
  readonly rule: "anyone" | "agent" | Role;
  readonly channel: RpcChannel;
}

const hello = { body: "hello", hello: { protocolMin: 1, protocolMax: 1, agentVersion: "test" } };

/** How a call ends: with a code of ours, with an answer, or not within a moment, as those that watch. */
async function outcome(channel: RpcChannel, method: AnyMethod, requests: readonly object[]): Promise<string> {
  const stop = new AbortController();
  const call = (async () => {
    if (!method.requestStream) {
      const replies = channel.serverStream(method, requests[0] ?? {}, { signal: stop.signal });
      while ((await replies.next()).done !== true);
      return "answered";
    }
    const both = channel.bidi(method, { signal: stop.signal });
    for (const request of requests) both.send(request);
    both.end();
    const replies = both.messages[Symbol.asyncIterator]();
    while ((await replies.next()).done !== true);
    return "answered";
  })().catch((error: unknown) => (error instanceof ComityError ? error.code : String(error)));
  const ended = await Promise.race([call, sleep(60).then(() => "open")]);
  stop.abort();
  await call;
  return ended;
}

async function callers(hub: TestHub): Promise<readonly Caller[]> {
  const site = await joinSite(hub, "acme/hostile");
  const operators: Caller[] = [];
  for (const rule of roles) {
    const { token } = await hub.admin.addOperator({ name: `hostile-${rule}`, role: rule });
    operators.push({ rule, channel: hub.channel("control", { token }) });
  }
  return [
    { rule: "anyone", channel: hub.channel("control") },
    { rule: "agent", channel: site.channel },
    ...operators,
  ];
}

/** What exists at the hub. */
async function knownAt(hub: TestHub): Promise<Record<string, readonly string[]>> {
  await joinSite(hub, "acme/other");
  const source =
    "document: { dsl: '1.0.3', namespace: n, name: w, version: 1.0.0 }\ndo: [ { a: { wait: { hours: 1 } } } ]\n";
  const { runId } = await hub.admin.startRun({ workflowSource: source });
  const { sha256 } = await hub.admin.publishWorkflow({ source });
  return {
    opId: Array.from({ length: 50 }, () => newOpId()),
    runId: [runId],
    site: ["acme/other"],
    workflowSource: [source],
    workflow: ["n/w", "n/w/1.0.0"],
    source: [source],
    inputJson: ['{"a":1}'],
    eventJson: [JSON.stringify({ specversion: "1.0", id: "1", source: "//x", type: "t", data: {} })],
    sha256: [sha256],
    from: ["/do/0/a"],
    role: ["viewer"],
    name: ["someone"],
  };
}

describe("every method with hostile fields, by every caller", function () {
  this.timeout(120_000);

  it("answers or refuses with a code, and the hub has no fault of its own", async () => {
    await using hub = await startTestHub();
    const known = await knownAt(hub);
    const everybody = await callers(hub);
    for (const method of methods) {
      const rule = table.get(method.path) ?? [];
      // Who may not call is refused before anything is read; another test has all of them.
      const these = everybody.filter((one) => rule.includes(one.rule));
      assert.ok(these.length > 0, `nobody may call ${method.path}`);
      const request = hostileRequest(method.requestType.type, known);
      const property = fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 3 }),
        async (requests) => {
          for (const { rule: who, channel } of these) {
            const greets = method.path.endsWith("/Session");
            const ended = await outcome(channel, method, greets ? [hello, ...requests] : requests);
            const call = `${who} ${method.path}: ${ended}`;
            assert.match(ended, /^(answered|open|[A-Z_]+)$/, call);
            assert.notEqual(ended, "INTERNAL", call);
            assert.deepEqual(hub.faults, [], call);
          }
        },
      );
      await fc.assert(property, { numRuns: cases });
    }
    assert.ok((await hub.admin.listRuns()).runs.length > 0, "it goes on");
  });
});
