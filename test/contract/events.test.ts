import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { after, it } from "mocha";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { newOpId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { SteppedClock } from "../conformance/clock.js";
import { newWorld, workflowOf } from "../support/engines.js";
import { EventfulEngine } from "../support/events.js";
import { onEachStore } from "../support/stores.js";

const minuteMs = 60_000;
/** A Thursday. */
const startMs = Date.UTC(2026, 0, 1, 12, 0, 30);
const event = (id: string, type: string, data: Json = {}) => ({
  specversion: "1.0",
  id,
  source: "/test",
  type,
  data,
});

const nextStarts = async ({ events }: EventfulEngine) => [...(await events.schedules.nextStarts()).values()];

onEachStore("events and schedules", (newPlace) => {
  const expressions = new JqExpressions();
  after(() => expressions.close());

  async function opened() {
    const place = await newPlace();
    const clock = new SteppedClock(startMs);
    const world = newWorld({ expressions, clock });
    const open = async () => new EventfulEngine(await place(), world).open();
    const hub = await open();
    /** Moves time on until a schedule has nothing more to start. */
    const pass = async (of: EventfulEngine, ms: number) => {
      await of.events.schedules.settled();
      clock.passTo(clock.nowMs() + ms);
      await settled(of, clock);
    };
    return { hub, open, clock, pass };
  }

  /** Waits until no schedule is due: what was due has its run. */
  async function settled({ events, store }: EventfulEngine, clock: SteppedClock): Promise<void> {
    for (;;) {
      await nextTurn();
      await events.schedules.settled();
      const due = await store.db
        .selectFrom("schedules")
        .select("name")
        .where("due_at_ms", "<=", clock.nowMs())
        .executeTakeFirst();
      if (due === undefined) return;
    }
  }

  it("every: a run for each interval, none twice, and one for all that was missed", async () => {
    const { hub, open, clock, pass } = await opened();
    await hub.schedule("{ every: { minutes: 10 } }");
    await pass(hub, 9 * minuteMs);
    assert.equal((await hub.started()).length, 0);
    await pass(hub, minuteMs);
    const firstMs = startMs + 10 * minuteMs;
    assert.deepEqual(
      (await hub.started()).map(({ key, input }) => [key, input]),
      [[`schedule:default/test@${firstMs}`, {}]],
    );
    await hub.close();
    clock.passTo(firstMs + 35 * minuteMs);
    const again = await open();
    try {
      await settled(again, clock);
      assert.deepEqual(
        (await again.started()).map(({ key }) => key),
        [`schedule:default/test@${firstMs}`, `schedule:default/test@${firstMs + 10 * minuteMs}`],
      );
      assert.deepEqual(await nextStarts(again), [firstMs + 40 * minuteMs]);
    } finally {
      await again.close();
    }
  });

  it("a hub that was killed after the start and before the row moved on starts the same run", async () => {
    const { hub, open, clock } = await opened();
    await hub.schedule("{ cron: '5 12 * * *' }");
    const dueMs = Date.UTC(2026, 0, 1, 12, 5);
    const version = await hub.engine.library.get("test");
    const { id } = await hub.engine.start({
      workflow: { sha256: version.sha256 },
      occasion: `schedule:default/test@${dueMs}`,
      input: {},
      startedBy: "schedule",
    });
    // The occasion has its run, whatever version is the newest by now.
    await hub.schedule("{ cron: '5 12 * * *' }", { version: "1.0.1", set: "${ {} }" });
    await hub.close();
    clock.passTo(dueMs);
    const again = await open();
    try {
      await settled(again, clock);
      assert.deepEqual(
        (await again.started()).map((run) => run.id),
        [id],
      );
      const row = await again.store.db.selectFrom("schedules").select("run_id").executeTakeFirstOrThrow();
      assert.equal(row.run_id, id);
      assert.deepEqual(await nextStarts(again), [Date.UTC(2026, 0, 2, 12, 5)]);
    } finally {
      await again.close();
    }
  });

  it("after: counted from the end of the last run; a newer version takes the schedule over or away", async () => {
    const { hub, clock, pass } = await opened();
    await hub.schedule("{ after: PT1M }");
    await pass(hub, minuteMs);
    const [first] = await hub.started();
    assert.ok(first);
    await hub.events.schedules.settled();
    assert.deepEqual(await nextStarts(hub), [clock.nowMs() + minuteMs]);
    await hub.schedule("{ every: PT1H }", { version: "2.0.0" });
    assert.deepEqual(await nextStarts(hub), [clock.nowMs() + 60 * minuteMs]);
    // An older one, published late, changes nothing; neither does one that is only on trial.
    await hub.schedule("{ every: PT1S }", { version: "1.5.0" });
    await hub.schedule("{ every: PT1S }", { version: "3.0.0-rc1" });
    assert.deepEqual(await nextStarts(hub), [clock.nowMs() + 60 * minuteMs]);
    await hub.schedule("", { version: "3.0.0" });
    assert.deepEqual(await nextStarts(hub), []);
    await hub.close();
  });

  it("on one: each fitting event starts a run, whose input is the list of it; a repetition none", async () => {
    const { hub } = await opened();
    await hub.schedule("{ on: { one: { with: { type: a, data: '${ .n > 1 }' } } } }");
    assert.deepEqual((await hub.send(event("1", "a", { n: 1 }))).started, []);
    const answer = await hub.send(event("2", "a", { n: 2 }));
    assert.equal(answer.started.length, 1);
    assert.deepEqual(await hub.send(event("2", "a", { n: 2 })), answer);
    const runs = await hub.started();
    assert.deepEqual(
      runs.map(({ input }) => (input as { data: Json }[]).map(({ data }) => data)),
      [[{ n: 2 }]],
    );
    assert.equal(runs[0]?.id, answer.started[0]);
    await hub.close();
  });

  it("on all: one of each with the same correlation; what waits outlives the hub", async () => {
    const { hub, open } = await opened();
    const filter = (type: string) =>
      `{ with: { type: ${type} }, correlate: { order: { from: .data.order } } }`;
    await hub.schedule(`{ on: { all: [ ${filter("paid")}, ${filter("packed")} ] } }`);
    await hub.send(event("1", "paid", { order: 1 }));
    await hub.send(event("2", "paid", { order: 2 }));
    await hub.send(event("3", "paid", { order: 1 }));
    await hub.close();
    const again = await open();
    try {
      assert.equal((await again.send(event("4", "packed", { order: 3 }))).started.length, 0);
      assert.equal((await again.send(event("5", "packed", { order: 1 }))).started.length, 1);
      assert.equal((await again.send(event("6", "packed", { order: 1 }))).started.length, 1);
      assert.deepEqual(
        (await again.started()).map(({ input }) => (input as { id: string }[]).map(({ id }) => id)),
        [
          ["1", "5"],
          ["3", "6"],
        ],
      );
    } finally {
      await again.close();
    }
  });

  it("on any until: a condition over the list, or another event", async () => {
    const { hub } = await opened();
    await hub.schedule("{ on: { any: [ { with: { type: a } } ], until: 'length >= 2' } }");
    await hub.schedule(
      "{ on: { any: [ { with: { type: a } } ], until: { one: { with: { type: stop } } } } }",
      {
        name: "other",
      },
    );
    assert.equal((await hub.send(event("1", "a"))).started.length, 0);
    assert.equal((await hub.send(event("2", "a"))).started.length, 1);
    assert.equal((await hub.send(event("3", "a"))).started.length, 0);
    assert.equal((await hub.send(event("4", "stop"))).started.length, 1);
    assert.equal((await hub.send(event("5", "stop"))).started.length, 0);
    assert.deepEqual(
      (await hub.started()).map(({ input }) => (input as { id: string }[]).map(({ id }) => id)),
      [
        ["1", "2"],
        ["1", "2", "3"],
      ],
    );
    await hub.close();
  });

  it("an event wakes the runs that listen for it, each once, and tells how many", async () => {
    const { hub } = await opened();
    const text = workflowOf(
      "  - hear: { listen: { to: { any: [ { with: { type: a } } ], until: 'length >= 2' } } }\n",
    );
    const start = () =>
      hub.engine.start({ opId: newOpId(), workflow: { text }, input: {}, startedBy: "ada" });
    const runs = [await start(), await start()];
    assert.equal((await hub.send(event("1", "a"))).runs, 2);
    assert.equal((await hub.send(event("1", "a"))).runs, 2);
    assert.deepEqual(await Promise.all(runs.map(async ({ id }) => (await hub.engine.get(id)).state)), [
      "running",
      "running",
    ]);
    assert.equal((await hub.send(event("2", "a"))).runs, 2);
    await Promise.all(runs.map(({ id }) => hub.ended(id)));
    await hub.close();
  });

  it("an event that a killed hub had taken and not handed on is handed on by the next", async () => {
    const { hub, open } = await opened();
    await hub.schedule("{ on: { one: { with: { type: a } } } }");
    const body = JSON.stringify({ ...event("1", "a"), time: "2026-01-01T00:00:00Z" });
    await hub.store.db
      .insertInto("incoming_events")
      .values({ source: "/test", event_id: "1", at_ms: startMs, body, answer: null })
      .execute();
    await hub.close();
    const again = await open();
    try {
      assert.equal((await again.send(event("1", "a"))).started.length, 1);
      assert.equal((await again.started()).length, 1);
    } finally {
      await again.close();
    }
  });

  it("what a run emits starts runs too, once", async () => {
    const { hub } = await opened();
    await hub.schedule("{ on: { one: { with: { type: done } } } }");
    const text = workflowOf("  - say: { emit: { event: { with: { type: done, data: { n: 7 } } } } }\n");
    const run = await hub.engine.start({ opId: newOpId(), workflow: { text }, input: {}, startedBy: "ada" });
    await hub.ended(run.id);
    // Stopping waits for what is on its way out.
    await hub.events.stop();
    await hub.engine.stop();
    const rows = await hub.store.db.selectFrom("schedule_events").select(["event_id", "run_id"]).execute();
    assert.equal(rows.length, 1);
    assert.notEqual(rows[0]?.run_id, null);
    await hub.close();
  });

  it("refuses an op_id for another event, and a source that belongs to a site", async () => {
    const { hub } = await opened();
    const opId = newOpId();
    const publish = (id: string) =>
      hub.events.incoming.publish({ opId, eventJson: JSON.stringify(event(id, "a")), by: "ada" });
    await publish("1");
    await publish("1");
    await assert.rejects(publish("2"), { code: "OP_ID_REUSED" });
    await assert.rejects(hub.send({ ...event("3", "a"), source: "//acme/berlin/x" }), {
      code: "EVENT_INVALID",
    });
    await hub.events.incoming.fromSite("acme/berlin" as never, JSON.stringify(event("9", "a")));
    const rows = await hub.store.db
      .selectFrom("incoming_events")
      .select("source")
      .orderBy("source")
      .execute();
    assert.deepEqual(
      rows.map(({ source }) => source),
      ["//acme/berlin/test", "/test"],
    );
    await hub.close();
  });
});
