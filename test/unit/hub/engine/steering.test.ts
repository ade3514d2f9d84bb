import assert from "node:assert/strict";
import { afterEach, describe, it } from "mocha";
import { isEnded } from "#hub/runs/model.js";
import { languageCalls } from "#hub/workflow/calls/calls.js";
import { AddressGuard } from "#hub/workflow/calls/guard.js";
import type { WorkflowFunction } from "#hub/workflow/function.js";
import { type LocalEngine, openLocalEngine } from "#hub/workflow/local.js";
import { newOpId, type RunId } from "#kernel/ids.js";
import { workflowOf } from "#test/support/engines.js";

const set = (name: string, value: string) => `  - ${name}: { set: { n: ${value} } }\n`;
const fails = '"${ 1 + \\"x\\" }"';
const hears = `  - hear:
      listen: { to: { one: { with: { type: a.b } } } }
      timeout: { after: { hours: 1 } }
`;

describe("an operator's wish", () => {
  let local: LocalEngine | undefined;
  afterEach(async () => {
    await local?.close();
    local = undefined;
  });
  const started = async (tasks: string): Promise<{ local: LocalEngine; id: RunId }> => {
    local = await openLocalEngine({ functions: [] });
    const { id } = await local.engine.start({
      opId: newOpId(),
      workflow: { text: workflowOf(tasks) },
      input: {},
      startedBy: "ada",
    });
    return { local, id };
  };
  const ended = async ({ engine, feed }: LocalEngine, id: RunId) => {
    for await (const { type } of feed.watch(id, 0, new AbortController().signal)) assert.ok(type);
    const run = await engine.get(id);
    assert.ok(isEnded(run.state));
    return run;
  };

  it("to try again with a definition that has not the task is refused, and the run stays as it is", async () => {
    const { local, id } = await started(set("one", "1") + set("two", fails));
    const before = await ended(local, id);
    assert.equal(before.state, "failed");
    const retry = (from: string, text: string) =>
      local.engine.retry({ opId: newOpId(), runId: id, by: "ada", from, definition: { text } });
    await assert.rejects(retry("one", workflowOf(set("uno", "1"))), { code: "TASK_NOT_FOUND" });
    await assert.rejects(retry("two", workflowOf(set("two", "1"), { name: "other" })), {
      code: "ARGUMENT_INVALID",
      message: /is a run of default\/test, and the definition is default\/other/,
    });
    assert.deepEqual(await local.engine.get(id), before);
    await local.engine.verify(id);
    await retry("two", workflowOf(set("one", "1") + set("two", '"${ .n + 1 }"')));
    await ended(local, id);
    assert.deepEqual((await local.engine.outcome(id)).output, { n: 2 });
    await local.engine.verify(id);
  });

  it("to try again is told, also when the run ends at once; then it shows the new error", async () => {
    const { local, id } = await started(set("one", fails));
    const before = await ended(local, id);
    const text = workflowOf(set("one", '"${ 2 + \\"y\\" }"'));
    await local.engine.retry({ opId: newOpId(), runId: id, by: "ada", definition: { text } });
    const run = await ended(local, id);
    assert.equal(run.state, "failed");
    assert.notEqual(run.errorText, before.errorText);
    const types: string[] = [];
    for await (const { type } of local.feed.watch(id, 0, new AbortController().signal)) types.push(type);
    assert.deepEqual(
      types.filter((type) => type.startsWith("run.")),
      ["run.started", "run.failed", "run.retried", "run.failed"],
    );
  });

  it("to know why gets what is waited for before the end of its time, and never what a retry has left", async () => {
    const { local, id } = await started(set("one", fails) + hears);
    await ended(local, id);
    const failed = await local.engine.why(id);
    assert.deepEqual(
      failed.chain.map(({ name }) => name),
      ["one"],
    );
    const text = workflowOf(set("one", "1") + hears);
    await local.engine.retry({ opId: newOpId(), runId: id, by: "ada", definition: { text } });
    const waiting = await local.engine.why(id);
    assert.equal(waiting.text, "Task hear waits for an event of type a.b.");
    assert.deepEqual(
      waiting.waitsFor.map(({ what }) => what),
      ["event", "timer"],
    );
    await local.engine.cancel({ opId: newOpId(), runId: id, by: "ada", reason: "" });
    const cancelled = await local.engine.why(id);
    assert.equal(cancelled.text, "ada has cancelled the run.");
    assert.deepEqual(
      cancelled.chain.map(({ name }) => name),
      ["hear"],
    );
  });
});

describe("a dry run", () => {
  const dryRun = async (text: string, input = {}, functions: WorkflowFunction[] = []) => {
    await using local = await openLocalEngine({ functions });
    return await local.engine.dryRun({ workflow: { text }, input });
  };

  it("says of each step what it would do", async () => {
    const missing = "{ namespace: default, name: missing, version: 1.0.0 }";
    const steps = await dryRun(
      workflowOf(`${set("one", "1")}${hears}  - child: { run: { workflow: ${missing} } }\n`),
    );
    assert.deepEqual(
      steps.map(({ name, text }) => `${name} ${text}`),
      [
        "one would run at the hub",
        "hear would wait for events",
        "child would fail: There is no workflow default/missing:1.0.0.",
      ],
    );
  });

  it("says which address the hub would not call, by the rule, without asking the DNS", async () => {
    const resolver = () => Promise.reject(new Error("a dry run has asked the DNS"));
    const guard = new AddressGuard({ allow: ["10.1.0.0/16"], resolver });
    const http = (endpoint: string) => `{ call: http, with: { method: get, endpoint: ${endpoint} } }`;
    const elsewhere = "{ endpoint: https://files.example.org/a }";
    const service = (host: string) => `{ name: a.B, host: ${host} }`;
    const inner = (host: string) =>
      `would be refused: The hub does not call ${host}: It has an address within an inner network. Whoever runs the hub may name it under http.allow in hub.yaml.`;
    const called = "would be called from the hub";
    const cases: readonly (readonly [call: string, text: string])[] = [
      [http("http://169.254.169.254/latest"), inner("169.254.169.254")],
      [http("{ uri: 'http://[::1]/{id}' }"), inner("[::1]")],
      [http("http://LOCALHOST:8080/"), inner("localhost")],
      [http("http://10.1.2.3/"), called],
      [http("http://inner.example.org/"), called],
      [http("'http://{host}/'"), called],
      [http('"${ .address }"'), called],
      [
        http("ftp://files.example.org/"),
        "would be refused: The hub does not call ftp: addresses: An endpoint begins with https:// or http://.",
      ],
      [
        http("http://ada:secret@files.example.org/"),
        "would be refused: The endpoint has a user name or a password in it: Credentials belong in the endpoint's authentication.",
      ],
      [
        "{ call: openapi, with: { document: { endpoint: http://10.0.0.1/api }, operationId: read } }",
        inner("10.0.0.1"),
      ],
      [
        `{ call: grpc, with: { proto: ${elsewhere}, service: ${service("192.168.0.9")}, method: M } }`,
        inner("192.168.0.9"),
      ],
      [
        "{ call: mcp, with: { method: tools/list, transport: { http: { endpoint: http://127.1/mcp } } } }",
        inner("127.0.0.1"),
      ],
    ];
    const tasks = cases.map(([call], place) => `  - step${place}: ${call}\n`).join("");
    const steps = await dryRun(workflowOf(tasks), { address: "http://10.0.0.1/" }, languageCalls({ guard }));
    assert.deepEqual(
      steps.map(({ text }) => text),
      cases.map(([, text]) => text),
    );
  });

  it("refuses what a start would refuse: a secret that is not there, an input that does not fit", async () => {
    await assert.rejects(dryRun(workflowOf(set("one", "1"), { more: "use: { secrets: [ key ] }\n" })), {
      code: "SECRET_NOT_FOUND",
    });
    const input = "input: { schema: { document: { required: [ a ] } } }\n";
    await assert.rejects(dryRun(workflowOf(set("one", "1"), { more: input })), {
      code: "WORKFLOW_INVALID",
      message: /it needs the property "a"/,
    });
  });
});
