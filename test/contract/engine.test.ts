import assert from "node:assert/strict";
import { newestFormat } from "#hub/workflow/interpreter/format.js";
import { newOpId, newRunId, type RunId } from "#kernel/ids.js";
import { engineSuite } from "../support/engine-suite.js";
import { type TestEngine, workflowOf } from "../support/engines.js";
import { onEachStore } from "../support/stores.js";

const echo = (name: string, argument: string) =>
  `  - ${name}: { call: "test.echo:1.0.0@default", with: ${argument} }\n`;
const hold = (name: string) => `  - ${name}: { call: "test.hold:1.0.0@default", with: { name: ${name} } }\n`;

onEachStore("the engine", (newPlace) => {
  const { holds, opened } = engineSuite(newPlace);

  holds("runs a workflow to its output, and keeps each task's row", async () => {
    const { hub } = await opened();
    const text = workflowOf(`${echo("one", "{ n: 1 }")}${echo("two", '{ n: "${ .n + 1 }" }')}`);
    const { id } = await hub.start(text);
    assert.deepEqual(await hub.output(id), { n: 2 });
    const tasks = await hub.store.db
      .selectFrom("tasks")
      .selectAll()
      .where("run_id", "=", id)
      .orderBy("ref")
      .execute();
    assert.deepEqual(
      tasks.map(({ name, state, attempts, passes, output }) => [name, state, attempts, passes, output]),
      [
        ["one", "completed", 1, 1, '{"value":{"n":1}}'],
        ["two", "completed", 1, 1, '{"value":{"n":2}}'],
      ],
    );
    for (const table of ["effects", "timers", "listeners", "inbox"] as const) {
      assert.deepEqual(await hub.store.db.selectFrom(table).selectAll().execute(), [], table);
    }
  });

  holds("tells those who watch of every task and of the end, in order and without a gap", async () => {
    const { hub } = await opened();
    const { id } = await hub.start(workflowOf(echo("one", "{}")));
    const events = [];
    for await (const event of hub.feed.watch(id, 0, new AbortController().signal)) events.push(event);
    assert.deepEqual(
      events.map(({ type, seq }) => [type, seq]),
      [
        ["run.started", 1],
        ["task.running", 2],
        ["task.completed", 3],
        ["run.completed", 4],
      ].toSorted((a, b) => Number(a[1]) - Number(b[1])),
    );
  });

  holds("starts one run for each op_id, key and digest, and says when there is none", async () => {
    const { hub } = await opened();
    const text = workflowOf(echo("one", "{}"));
    const first = await hub.start(text, { key: "nightly" });
    assert.equal((await hub.start(text, { key: "nightly" })).id, first.id);
    await assert.rejects(hub.start(text, { key: "nightly", input: { n: 1 } }), { code: "KEY_REUSED" });
    assert.notEqual((await hub.start(text)).id, first.id);
    const opId = newOpId();
    const request = { opId, workflow: { sha256: first.workflowSha256 }, input: {}, startedBy: "ada" };
    const { id } = await hub.engine.start(request);
    assert.equal((await hub.engine.start(request)).id, id);
    await assert.rejects(hub.engine.start({ ...request, input: { n: 1 } }), { code: "OP_ID_REUSED" });
    await assert.rejects(hub.engine.get(newRunId()), { code: "RUN_NOT_FOUND" });
    await assert.rejects(hub.engine.pause({ runId: newRunId(), by: "ada", reason: "" }), {
      code: "RUN_NOT_FOUND",
    });
    for (const run of [first.id, id]) await hub.until(run);
  });

  holds("fails a run at once whose input is wrong, says why, and calls nothing", async () => {
    const { hub, world } = await opened();
    const more = "input: { schema: { format: json, document: { type: object, required: [n] } } }\n";
    const { id } = await hub.start(workflowOf(echo("one", "{}"), { more }));
    const { state, errorText } = await hub.until(id);
    assert.equal(state, "failed");
    assert.match(errorText ?? "", /The input does not fit its schema: it needs the property "n"/);
    assert.deepEqual(world.outside.calls, []);
    assert.deepEqual(await hub.store.db.selectFrom("effects").selectAll().execute(), []);
  });

  holds(
    "fails a call whose argument does not fit once it is evaluated, with the standard error",
    async () => {
      const { hub } = await opened();
      const call = `{ call: "test.strict:1.0.0@default", with: { n: "\${ .n }" } }`;
      const caught = `{ errors: { with: { status: 400 } }, as: e, do: [ { told: { set: "\${ $e }" } } ] }`;
      const { id } = await hub.start(
        workflowOf(`  - tried: { try: [ { ask: ${call} } ], catch: ${caught} }\n`),
        {
          input: { n: "one" },
        },
      );
      const { type, status, instance, detail } = (await hub.output(id)) as Record<string, string>;
      assert.deepEqual(
        [type, status, instance],
        ["https://serverlessworkflow.io/spec/1.0.0/errors/validation", 400, "/do/0/tried/try/0/ask"],
      );
      assert.match(detail ?? "", /n: .*number/);
    },
  );

  holds("makes a call again that was under way when the hub went, and journals its end once", async () => {
    const { hub, again, world } = await opened();
    const { id } = await hub.start(workflowOf(hold("wait")));
    await world.outside.holding("wait");
    const next = await again(hub);
    (await world.outside.holding("wait")).resolve({ ok: true });
    assert.deepEqual(await next.output(id), { ok: true });
    assert.equal(world.outside.calls.length, 2);
    const rows = await next.store.db
      .selectFrom("transitions")
      .select("event")
      .where("run_id", "=", id)
      .execute();
    assert.equal(rows.filter(({ event }) => event.includes('"effect.completed"')).length, 1);
    assert.deepEqual(world.outside.undone, []);
  });

  holds("fires timers that fell due while there was no hub", async () => {
    let aheadMs = 0;
    const clock = await import("#kernel/clock.js").then(({ systemClock }) => ({
      ...systemClock,
      nowMs: () => systemClock.nowMs() + aheadMs,
    }));
    const { hub, again } = await opened({ clock });
    const { id } = await hub.start(
      workflowOf(`  - rest: { wait: { days: 40 } }\n${echo("done", "{ n: 1 }")}`),
    );
    assert.equal((await hub.engine.why(id)).waitsFor[0]?.what, "timer");
    aheadMs = 41 * 86_400_000;
    const next = await again(hub);
    assert.deepEqual(await next.output(id), { n: 1 });
  });

  holds("cancels: the call under way is aborted and undone, also when the hub went in between", async () => {
    const { hub, world } = await opened();
    const { id } = await hub.start(workflowOf(hold("wait")));
    await world.outside.holding("wait");
    const opId = newOpId();
    const run = await hub.engine.cancel({ opId, runId: id, by: "ada", reason: "enough" });
    assert.equal(run.state, "cancelled");
    assert.match(run.errorText ?? "", /ada has cancelled the run: enough/);
    await hub.engine.cancel({ opId, runId: id, by: "ada", reason: "enough" });
    await assert.rejects(hub.engine.cancel({ runId: id, by: "ada", reason: "" }), { code: "RUN_ENDED" });
    await world.outside.undoneCalls(1);
    await hub.engine.stop();
    assert.deepEqual(world.outside.undone, ["e1: enough"]);
    assert.deepEqual(await hub.store.db.selectFrom("effects").selectAll().execute(), []);
  });

  holds("pauses and goes on: what comes in between is not lost", async () => {
    const { hub, world } = await opened();
    const { id } = await hub.start(workflowOf(`${hold("wait")}${echo("after", '{ got: "${ .n }" }')}`));
    const held = await world.outside.holding("wait");
    assert.equal((await hub.engine.pause({ runId: id, by: "ada", reason: "lunch" })).state, "paused");
    await assert.rejects(hub.engine.pause({ runId: id, by: "ada", reason: "" }), { code: "RUN_STATE_WRONG" });
    held.resolve({ n: 7 });
    const journalled = () =>
      hub.store.db.selectFrom("transitions").select("seq").where("seq", "=", 3).execute();
    while ((await journalled()).length === 0) await new Promise(setImmediate);
    assert.equal((await hub.engine.unpause({ runId: id, by: "ada" })).state === "failed", false);
    assert.deepEqual(await hub.output(id), { got: 7 });
  });

  holds("retries a failed run from its failed task, with another definition too", async () => {
    const { hub, world } = await opened();
    const text = workflowOf(
      `${echo("one", "{ n: 1 }")}  - bad: { call: "test.flaky:1.0.0@default", with: { name: a, times: 1 } }\n`,
    );
    const { id } = await hub.start(text, { key: "once" });
    const failed = await hub.until(id);
    assert.equal(failed.state, "failed");
    assert.equal(failed.errorCode, "TASK_FAILED");
    const why = await hub.engine.why(id);
    assert.deepEqual(
      why.chain.map(({ name }) => name),
      ["bad"],
    );
    assert.match(why.text, /failure 1 of 1/);
    await hub.engine.retry({ runId: id, by: "ada" });
    assert.deepEqual(await hub.output(id), { name: "a", failures: 1 });
    const calls = world.outside.calls.length;
    const other = workflowOf(`${echo("one", "{ n: 1 }")}${echo("bad", '{ n: "${ .n + 40 }" }')}`).replace(
      '"1.0.0"',
      '"1.1.0"',
    );
    await assert.rejects(hub.engine.retry({ runId: id, by: "ada", from: "none" }), {
      code: "TASK_NOT_FOUND",
    });
    await assert.rejects(hub.engine.retry({ runId: id, by: "ada" }), { code: "RUN_STATE_WRONG" });
    await hub.engine.retry({ runId: id, by: "ada", from: "bad", definition: { text: other } });
    assert.deepEqual(await hub.output(id), { n: 41 });
    assert.equal(world.outside.calls.length, calls + 1);
    const { workflowSha256, workflow } = await hub.engine.get(id);
    assert.notEqual(workflowSha256, failed.workflowSha256);
    assert.deepEqual([failed.workflow, workflow], ["default/test:1.0.0", "default/test:1.1.0"]);
    // A key stands for what was started, not for what became of it.
    assert.equal((await hub.start(text, { key: "once" })).id, id);
    await assert.rejects(hub.start(other, { key: "once" }), { code: "KEY_REUSED" });
  });

  holds(
    "hands an event to a listener once, however often it comes, and to nobody whom it does not fit",
    async () => {
      const { hub, again } = await opened();
      const text = workflowOf(
        `  - hear:\n      listen:\n        to: { all: [ { with: { type: a.b, data: "\${ .n > 1 }" } }, { with: { type: a.c } } ] }\n`,
      );
      const { id } = await hub.start(text);
      const event = { specversion: "1.0", id: "1", source: "/test", type: "a.b", data: { n: 2 } } as const;
      assert.equal(await hub.engine.deliver({ ...event, id: "0", data: { n: 1 } }), 0);
      assert.equal(await hub.engine.deliver({ ...event, id: "0", type: "a.d" }), 0);
      assert.equal(await hub.engine.deliver(event), 1);
      assert.equal(await hub.engine.deliver(event), 0);
      const next = await again(hub);
      assert.equal(await next.engine.deliver(event), 0);
      assert.deepEqual((await next.engine.why(id)).waitsFor, [{ what: "event", types: ["a.b", "a.c"] }]);
      assert.equal(
        await next.engine.deliver({ ...event, type: "a.c", data: { n: 3 } }),
        0,
        "the same source and id",
      );
      assert.equal(await next.engine.deliver({ ...event, id: "2", type: "a.c", data: { n: 3 } }), 1);
      assert.deepEqual(await next.output(id), [{ n: 2 }, { n: 3 }]);
    },
  );

  holds("publishes what a run emits, to the runs that listen too", async () => {
    const { hub, world } = await opened();
    const { id } = await hub.start(
      workflowOf("  - hear: { listen: { to: { one: { with: { type: a.b } } } } }\n"),
    );
    const emit =
      "  - say: { emit: { event: { with: { source: https://a.example, type: a.b, data: { n: 1 } } } } }\n";
    await hub.until((await hub.start(workflowOf(emit))).id);
    assert.deepEqual(await hub.output(id), [{ n: 1 }]);
    await hub.engine.stop();
    assert.deepEqual(
      world.published.map(({ type, data }) => [type, data]),
      [["a.b", { n: 1 }]],
    );
    assert.deepEqual(await hub.store.db.selectFrom("effects").selectAll().execute(), []);
  });

  holds("runs another workflow, gives its output or its error, and cancels it with the first", async () => {
    const { hub, world } = await opened();
    await hub.engine.library.publish({
      text: workflowOf(echo("a", '{ n: "${ .n * 2 }" }'), { name: "double" }),
      publishedBy: "ada",
    });
    await hub.engine.library.publish({
      text: workflowOf(hold("inner"), { name: "holding" }),
      publishedBy: "ada",
    });
    const call = (name: string, input: string) =>
      workflowOf(
        `  - sub: { run: { workflow: { namespace: default, name: ${name}, version: "1.0.0", input: ${input} } } }\n`,
      );
    assert.deepEqual(await hub.output((await hub.start(call("double", "{ n: 21 }"))).id), { n: 42 });
    const lost = await hub.until((await hub.start(call("nowhere", "{}"))).id);
    assert.match(lost.errorText ?? "", /There is no workflow default\/nowhere/);
    const { id } = await hub.start(call("holding", "{}"));
    await world.outside.holding("inner");
    await hub.engine.cancel({ runId: id, by: "ada", reason: "enough" });
    await world.outside.undoneCalls(1);
    const children = await hub.store.db
      .selectFrom("runs")
      .select(["state", "parent"])
      .where("parent", "is not", null)
      .execute();
    assert.deepEqual(children.map(({ state }) => state).toSorted(), ["cancelled", "completed"]);
  });

  holds("ends a workflow that runs itself without end", async () => {
    const { hub } = await opened();
    const self = "  - again: { run: { workflow: { namespace: default, name: self, version: '1.0.0' } } }\n";
    await hub.engine.library.publish({ text: workflowOf(self, { name: "self" }), publishedBy: "ada" });
    const { id } = await hub.engine.start({
      opId: newOpId(),
      workflow: { title: "self" },
      input: {},
      startedBy: "ada",
    });
    const run = await hub.until(id);
    assert.match(run.errorText ?? "", /at most 16 levels/);
  });

  holds(
    "queues runs over their workflow's limit, and begins them in order, whatever happens to the first",
    async () => {
      const { hub, again, world } = await opened({ limits: [{ workflow: "default/test", concurrency: 1 }] });
      const text = workflowOf(
        `  - slow: { call: "test.hold:1.0.0@default", with: { name: "\${ .who }" } }\n`,
      );
      const first = await hub.start(text, { input: { who: "first" } });
      await world.outside.holding("first");
      const second = await hub.start(text, { input: { who: "second" } });
      const third = await hub.start(text, { input: { who: "third" } });
      assert.deepEqual([first.state, second.state, third.state], ["running", "queued", "queued"]);
      assert.equal((await hub.engine.why(second.id)).waitsFor[0]?.what, "limit");
      await hub.engine.cancel({ runId: second.id, by: "ada", reason: "" });
      assert.equal((await hub.engine.get(second.id)).state, "cancelled");
      const next = await again(hub);
      assert.equal((await next.engine.get(third.id)).state, "queued");
      (await world.outside.holding("first")).resolve(1);
      await next.until(first.id);
      (await world.outside.holding("third")).resolve(3);
      assert.equal(await next.output(third.id), 3);
      assert.deepEqual(await next.store.db.selectFrom("limit_holders").selectAll().execute(), []);
    },
  );

  holds("keeps large values beside the rows, each once, and gives them back whole", async () => {
    const { hub, again, world } = await opened();
    const big = { text: "x".repeat(100_000), list: Array.from({ length: 9_000 }, (_, n) => n), small: 1 };
    const text = workflowOf(`${hold("wait")}${echo("one", '{ n: "${ .big.small }" }')}`);
    const { id } = await hub.start(text, { input: big, key: "big" });
    assert.equal((await hub.start(text, { input: { ...big }, key: "big" })).id, id);
    await world.outside.holding("wait");
    const next = await again(hub);
    (await world.outside.holding("wait")).resolve({ big });
    assert.deepEqual(await next.output(id), { n: 1 });
    const { state } = await next.store.db.selectFrom("snapshots").select("state").executeTakeFirstOrThrow();
    assert.ok(state.length < 10_000);
    const { input } = await next.store.db.selectFrom("runs").select("input").executeTakeFirstOrThrow();
    assert.ok((input ?? "").length < 10_000);
    assert.deepEqual(await next.engine.unpack(input ?? ""), big);
    const tasks = await next.store.db
      .selectFrom("tasks")
      .select(["name", "input"])
      .where("run_id", "=", id)
      .execute();
    const one = tasks.find(({ name }) => name === "one");
    assert.deepEqual(await next.engine.unpack(one?.input ?? ""), { big });
    assert.ok((await next.store.db.selectFrom("blobs").selectAll().execute()).length >= 2);
  });

  holds("folds a long journal into its snapshot, and still goes on from it", async () => {
    const { hub, again, world } = await opened();
    // Branches that end at the same moment are journalled together.
    const branch = (_: unknown, n: number) =>
      `                - b${n}: { call: "test.echo:1.0.0@default" }\n`;
    const branches = Array.from({ length: 60 }, branch).join("");
    const fork = `        - all:\n            fork:\n              branches:\n${branches}`;
    const loop = `  - loop:\n      for: { in: "\${ [range(20)] }" }\n      do:\n${fork}`;
    const { id } = await hub.start(workflowOf(`${loop}${hold("wait")}`));
    await world.outside.holding("wait");
    const rows = await hub.store.db
      .selectFrom("transitions")
      .select("seq")
      .where("run_id", "=", id)
      .execute();
    assert.ok(rows.length < 500, String(rows.length));
    const events = await hub.store.db
      .selectFrom("run_events")
      .select("type")
      .where("run_id", "=", id)
      .execute();
    assert.ok(events.some(({ type }) => type === "run.started") && events.length < 1_500);
    assert.ok((await hub.engine.verify(id)).fromSeq > 1_000);
    const next = await again(hub);
    (await world.outside.holding("wait")).resolve(5);
    assert.equal(await next.output(id), 5);
  });

  holds("lets alone, and refuses, what a newer hub has journalled; all else goes on", async () => {
    const { hub, again, world } = await opened();
    const { id } = await hub.start(workflowOf(hold("newer")));
    await world.outside.holding("newer");
    const other = await hub.start(workflowOf(hold("wait")));
    await world.outside.holding("wait");
    const format = (table: "snapshots" | "transitions", to: number, { store }: TestEngine) =>
      store.write(({ db }) => db.updateTable(table).set({ format: to }).where("run_id", "=", id).execute());
    await format("snapshots", newestFormat + 1, hub);
    await format("transitions", newestFormat + 1, hub);
    const next = await again(hub);
    (await world.outside.holding("wait")).resolve({});
    await next.output(other.id);
    assert.equal(world.outside.held.size, 0, "the call of the newer run is not made");
    const tooNew = { code: "JOURNAL_TOO_NEW", message: /has format 3, which this hub does not know/ };
    await assert.rejects(next.engine.cancel({ runId: id, by: "ada", reason: "" }), tooNew);
    await assert.rejects(next.engine.verify(id), tooNew);
    await format("snapshots", newestFormat, next);
    await assert.rejects(next.engine.verify(id), tooNew);
    await format("transitions", newestFormat, next);
    const last = await again(next);
    (await world.outside.holding("newer")).resolve({ ok: true });
    assert.deepEqual(await last.output(id), { ok: true });
  });

  holds("names the first transition that was tampered with", async () => {
    const { hub } = await opened();
    const { id } = await hub.start(workflowOf(`${echo("one", "{ n: 1 }")}${echo("two", "{ n: 2 }")}`));
    await hub.until(id);
    const change = (runId: RunId, from: string, to: string) =>
      hub.store.write(async ({ db }) => {
        const row = await db
          .selectFrom("transitions")
          .selectAll()
          .where("run_id", "=", runId)
          .where("seq", "=", 2)
          .executeTakeFirstOrThrow();
        await db
          .updateTable("transitions")
          .set({ event: row.event.replace(from, to) })
          .where("run_id", "=", runId)
          .where("seq", "=", 2)
          .execute();
      });
    await change(id, '"n":1', '"n":9');
    await assert.rejects(hub.engine.verify(id), { code: "JOURNAL_DAMAGED", message: /Transition 2 of run/ });
    await change(id, '"n":9', '"n":1');
    await hub.engine.verify(id);
  });
});
