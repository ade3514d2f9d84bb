import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, it } from "mocha";
import { startTestHub, type TestHub } from "#test/support/hub.js";
import { readPage, root } from "#test/support/pages.js";

const source =
  'document: { dsl: 1.0.3, namespace: test, name: count, version: 1.0.0, title: Counts }\ndo:\n  - one: { set: { n: "${ .n + 1 }" } }\n';
const listening =
  "document: { dsl: 1.0.3, namespace: test, name: hears, version: 1.0.0 }\ndo:\n  - hear: { listen: { to: { one: { with: { type: a.b } } } } }\n";

describe("workflows and runs over the wire", () => {
  let hub: TestHub;
  before(async () => void (hub = await startTestHub()));
  after(() => hub[Symbol.asyncDispose]());

  it("a start names a published workflow or has a text: one of them", async () => {
    for (const request of [{}, { workflow: "count", workflowSource: source }]) {
      await assert.rejects(hub.admin.startRun(request), { code: "ARGUMENT_INVALID", message: /one of them/ });
      await assert.rejects(hub.admin.dryRun(request), { code: "ARGUMENT_INVALID", message: /one of them/ });
    }
  });

  it("refuses a key that is too long, half a character or of the hub's own, and an input that is no JSON", async () => {
    for (const key of ["k".repeat(201), "\ud800".repeat(201), "schedule:default/test@0"])
      await assert.rejects(hub.admin.startRun({ workflowSource: source, key }), { code: "ARGUMENT_INVALID" });
    for (const inputJson of ["{", "[1,]", '{"__proto__": 1}', '{"a": 1e999}', '{"a": 1, "a": 2}x'])
      await assert.rejects(hub.admin.startRun({ workflowSource: source, inputJson }), {
        code: "ARGUMENT_INVALID",
      });
    assert.deepEqual((await hub.admin.listRuns(10)).runs, []);
  });

  it("tells every fault of a text, one a line", async () => {
    const broken = source.replace("set:", "sett:").replace("title:", "titel:");
    await assert.rejects(hub.admin.startRun({ workflowSource: broken }), {
      code: "WORKFLOW_INVALID",
      message: /^[^\n]*"titel"[^\n]*\n[^\n]*"sett"[^\n]*$/,
    });
    await assert.rejects(hub.admin.publishWorkflow({ source: broken }), { code: "WORKFLOW_INVALID" });
  });

  it("a version is shown with its title, by its name alone too, and never changes", async () => {
    const published = await hub.admin.publishWorkflow({ source });
    assert.equal(published.title, "Counts");
    assert.deepEqual(await hub.admin.publishWorkflow({ source: `# again\n${source}` }), published);
    await assert.rejects(hub.admin.publishWorkflow({ source: source.replace("+ 1", "+ 2") }), {
      code: "WORKFLOW_EXISTS",
    });
    assert.deepEqual((await hub.admin.listWorkflows("")).versions, [published]);
    assert.equal((await hub.admin.getWorkflow("count")).source, source);
    await assert.rejects(hub.admin.getWorkflow("test/conut"), {
      code: "WORKFLOW_NOT_FOUND",
      message: /did you mean "test\/count"\?/,
    });
    await assert.rejects(hub.admin.startRun({ workflow: "test/count:2.0.0" }), { hint: /1\.0\.0/ });
  });

  it("one key is one run of one workflow with one input, and shows its input", async () => {
    const start = (inputJson: string, workflow = "count") =>
      hub.admin.startRun({ workflow, inputJson, key: "mine" });
    const [first, second] = await Promise.all([start('{"n": 1, "m": 2}'), start('{"m": 2.0, "n": 1}')]);
    assert.equal(second.runId, first.runId);
    assert.deepEqual(JSON.parse((await hub.admin.getRun(first.runId)).inputJson), { n: 1, m: 2 });
    const belongs = `The key "mine" belongs to run ${first.runId}, which was started with`;
    await assert.rejects(start("{}"), { code: "KEY_REUSED", message: `${belongs} another input.` });
    await hub.admin.publishWorkflow({ source: source.replace("1.0.0", "1.1.0").replace("+ 1", "+ 2") });
    const other = `another workflow (test/count:1.0.0, ${first.workflowSha256.slice(0, 12)})`;
    await assert.rejects(start('{"n": 1, "m": 2}'), {
      code: "KEY_REUSED",
      message: `${belongs} ${other}.`,
      hint: /Take a new key/,
    });
    await assert.rejects(start("{}"), { message: `${belongs} ${other} and another input.` });
    assert.equal((await start('{"n": 1, "m": 2}', "count:1.0.0")).runId, first.runId);
    assert.equal((await hub.admin.listRuns(10)).runs.length, 1);
  });

  it("steering that cannot be is refused, and two at the same time do not confuse a run", async () => {
    const { runId } = await hub.admin.startRun({ workflowSource: listening });
    await assert.rejects(hub.admin.resumeRun({ runId }), { code: "RUN_STATE_WRONG" });
    await assert.rejects(hub.admin.retryRun({ runId }), { code: "RUN_STATE_WRONG" });
    const pauses = await Promise.allSettled([hub.admin.pauseRun({ runId }), hub.admin.pauseRun({ runId })]);
    assert.deepEqual(pauses.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assert.equal((await hub.admin.getRun(runId)).state, "paused");
    const ends = [hub.admin.cancelRun({ runId }), hub.admin.resumeRun({ runId })];
    await Promise.allSettled(ends);
    assert.equal((await hub.admin.getRun(runId)).state, "cancelled");
    await assert.rejects(hub.admin.cancelRun({ runId }), { code: "RUN_ENDED" });
    await assert.rejects(hub.admin.pauseRun({ runId }), { code: "RUN_STATE_WRONG" });
    assert.match((await hub.admin.explainRun(runId)).summary, /cancelled the run/);
    for (const unknown of ["nothing", "01a203fb-0000-7000-8000-000000000000"])
      await assert.rejects(hub.admin.explainRun(unknown), { code: "RUN_NOT_FOUND" });
  });

  it("takes every example: it can be published, and a schedule says when it starts", async () => {
    const examples = (await readdir(`${root}examples/workflows`)).toSorted();
    assert.ok(examples.length >= 4);
    for (const file of examples) {
      const text = await readPage(`examples/workflows/${file}`);
      assert.match(text, /^(?:# .*\n)*# .*:\n# {3}comity (?:run|workflow) /, `${file} says how to run it`);
      const version = await hub.admin.publishWorkflow({ source: text });
      assert.equal(file, `${version.name}.yaml`);
      assert.equal(version.nextStartAtMs > 0, /^schedule:/m.test(text), file);
    }
  });
});
