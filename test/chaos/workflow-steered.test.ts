import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { hubPaths } from "#hub/config.js";
import { Database } from "#kernel/sqlite.js";
import { Federation } from "#test/support/federation.js";
import { httpStubs } from "#test/support/http.js";
import { hubRows } from "#test/support/journals.js";
import { KeyedService } from "#test/support/keyed-service.js";

const head = (name: string) => ({ dsl: "1.0.3", namespace: "default", name, version: "1.0.0" });
const post = (path: string) => ({
  call: "http",
  with: { method: "post", endpoint: `\${ $workflow.input.origin + "${path}" }`, body: {} },
});
const cancelled = "https://serverlessworkflow.io/spec/1.0.0/errors/cancelled";

describe("a run that is steered while its hub is killed", function () {
  this.timeout(60_000);
  const stubs = httpStubs();
  let federation: Federation;

  before(async () => {
    federation = await Federation.start({ sites: 0, settings: { http: { allow: ["127.0.0.1"] } } });
  });
  after(async () => {
    await federation[Symbol.asyncDispose]();
  });

  const revive = async () => {
    await federation.kill("hub");
    await federation.up("hub");
  };

  async function start(name: string, tasks: readonly object[], origin = ""): Promise<string> {
    const workflowSource = JSON.stringify({ document: head(name), do: tasks });
    const { runId } = await federation.client.startRun({
      workflowSource,
      inputJson: JSON.stringify({ origin }),
    });
    return runId;
  }

  /** Reads on until something of this type, about this task where it is named, was told of the run. */
  async function told(runId: string, type: string, task = ""): Promise<void> {
    for await (const event of federation.client.watchRun(runId))
      if (event.type === type && event.text.startsWith(task)) return;
  }

  async function ended(runId: string) {
    for await (const event of federation.client.watchRun(runId)) assert.equal(event.runId, runId);
    await federation.client.verifyRun(runId);
    return federation.client.getRun(runId);
  }

  const send = (id: string, type: string, data: number) =>
    federation.client.publishEvent({ eventJson: JSON.stringify({ id, source: "/test", type, data }) });

  it("stays paused, keeps what happened meanwhile, and goes on when it is resumed", async () => {
    const { client } = federation;
    const runId = await start("paused", [
      { hear: { listen: { to: { one: { with: { type: "to-paused" } } } } } },
      { finish: { set: { heard: "${ . }" } } },
    ]);
    await told(runId, "task.waiting");
    await client.pauseRun({ runId, reason: "to look" });
    await revive();
    assert.equal((await send("p", "to-paused", 5)).runs, 1);
    await revive();
    assert.equal((await send("p", "to-paused", 5)).runs, 1, "the first answer again");
    assert.equal((await client.getRun(runId)).state, "paused");
    await client.resumeRun({ runId });
    const { state, outputJson } = await ended(runId);
    assert.deepEqual([state, JSON.parse(outputJson)], ["completed", { heard: [5] }]);
  });

  it("compensates once when it is cancelled, however often the hub is killed on the way", async () => {
    const service = new KeyedService();
    const { origin } = await stubs(service.answer);
    service.silent.add("/book").add("/undo");
    const catching = {
      errors: { with: { type: cancelled } },
      do: [{ undo: post("/undo") }, { rest: { wait: { milliseconds: 20 } } }, { note: post("/note") }],
    };
    const runId = await start(
      "booked",
      [{ tried: { try: [{ book: post("/book") }], catch: catching } }],
      origin,
    );
    await service.called("/book");
    await federation.client.cancelRun({ runId, reason: "no longer wanted" });
    await service.called("/undo");
    await federation.kill("hub");
    service.silent.clear();
    await federation.up("hub");
    const { state, errorText } = await ended(runId);
    assert.equal(state, "cancelled");
    assert.match(errorText, /no longer wanted/);
    assert.deepEqual([...service.keys.values()], ["/book", "/undo", "/note"]);
  });

  it("is tried again from where it failed, after the hub was killed", async () => {
    const service = new KeyedService();
    const { origin } = await stubs(service.answer);
    service.broken.add("/second");
    const runId = await start("broken", [{ first: post("/first") }, { second: post("/second") }], origin);
    assert.equal((await ended(runId)).state, "failed");
    await revive();
    service.broken.clear();
    await federation.client.retryRun({ runId });
    await federation.kill("hub");
    await federation.up("hub");
    const { state, outputJson } = await ended(runId);
    assert.deepEqual([state, JSON.parse(outputJson)], ["completed", { path: "/second" }]);
    assert.equal(service.count("/first"), 1);
    assert.equal(service.count("/second"), 2, "the failed call, and the one of the retry");
  });

  it("is started once by a schedule that came due while the hub was down", async () => {
    const source = JSON.stringify({
      document: head("hourly"),
      schedule: { every: { hours: 1 } },
      do: [{ only: { set: { a: 1 } } }],
    });
    await federation.client.publishWorkflow({ source });
    await federation.kill("hub");
    // Three hours pass.
    const database = new Database(hubPaths(join(federation.dir, "hub")).database);
    database
      .prepare("update schedules set due_at_ms = due_at_ms - 10800000, since_ms = since_ms - 10800000")
      .run();
    database.close();
    await federation.up("hub");
    await revive();
    const { runs } = await federation.client.listRuns();
    assert.equal(runs.filter(({ startedBy }) => startedBy === "schedule").length, 1);
    const [next] = (await federation.client.listWorkflows()).versions;
    assert.ok((next?.nextStartAtMs ?? 0) > Date.now());
  });

  it("gets each event that was acknowledged just before a kill, once", async () => {
    const runId = await start("hears", [
      { hear: { listen: { to: { any: [{ with: { type: "count" } }], until: "length >= 4" } } } },
    ]);
    await told(runId, "task.waiting");
    for (const data of [1, 2, 3]) {
      assert.equal((await send(`c${data}`, "count", data)).runs, 1);
      await revive();
    }
    assert.equal((await send("c3", "count", 3)).runs, 1, "the first answer again");
    await send("c4", "count", 4);
    const { state, outputJson } = await ended(runId);
    assert.deepEqual([state, JSON.parse(outputJson)], ["completed", [1, 2, 3, 4]]);
    await federation.kill("hub");
    assert.deepEqual(hubRows(federation.dir, "select * from inbox"), []);
    await federation.up("hub");
  });
});
