import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "mocha";
import { openSqlite } from "#hub/store/sqlite.js";
import type { PayloadStore } from "#hub/workflow/engine/model.js";
import { memoryPayloads } from "#hub/workflow/engine/payload-stores.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { type Deferred, deferred } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import { newOpId } from "#kernel/ids.js";
import { newWorld, TestEngine, type World, workflowOf } from "#test/support/engines.js";
import { MortalDatabase } from "#test/support/mortal.js";

const large = "x".repeat(40_000);
const hear = workflowOf(`  - hear: { listen: { to: { one: { with: { type: t } } } } }\n`);
const event = (id: string) => ({ specversion: "1.0" as const, id, source: "/test", type: "t", data: 1 });

describe("an engine in which something is broken or late", () => {
  const expressions = new JqExpressions();
  after(() => expressions.close());
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** Engines one after the other, on one database in memory. */
  async function place(changes: Partial<World> = {}) {
    const { db } = await openSqlite(":memory:");
    ends.push(() => db.destroy());
    const world = newWorld({ expressions, ...changes });
    const open = () => {
      const hub = TestEngine.over(new MortalDatabase(db).database, world);
      ends.push(() => hub.engine.stop());
      return hub;
    };
    return { world, open };
  }

  /** Payloads that can be lost, or held back. */
  function frailPayloads(): PayloadStore & { lost: boolean; reading: Promise<void>; asked: Deferred<void> } {
    const kept = memoryPayloads();
    const frail = {
      lost: false,
      reading: Promise.resolve(),
      asked: deferred(),
      put: kept.put.bind(kept),
      read: async (sha256: Parameters<PayloadStore["read"]>[0]) => {
        frail.asked.resolve();
        await frail.reading;
        if (frail.lost) throw new ComityError("BLOB_NOT_FOUND", `There is no blob ${sha256}.`);
        return kept.read(sha256);
      },
    };
    return frail;
  }

  it("starts and goes on with all other runs when a value of one is lost", async () => {
    const payloads = frailPayloads();
    const { world, open } = await place({ payloads });
    const first = open();
    const call = (name: string) =>
      `  - ${name}: { call: "test.hold:1.0.0@default", with: { name: ${name}, more: "\${ .more }" } }\n`;
    const broken = await first.start(workflowOf(call("one")), { input: { more: large } });
    const whole = await first.start(workflowOf(call("two")), { input: { more: "" } });
    await world.outside.holding("one");
    await world.outside.holding("two");
    await first.engine.stop();
    payloads.lost = true;
    const next = open();
    await next.engine.resume();
    (await world.outside.holding("two")).resolve({ ok: true });
    assert.deepEqual(await next.output(whole.id), { ok: true });
    assert.equal((await next.engine.get(broken.id)).state, "running");
  });

  it("acknowledges an event when the run that cannot have it is beyond help, and gives it to the others", async () => {
    const payloads = frailPayloads();
    const { open } = await place({ payloads });
    const first = open();
    await first.start(hear, { input: { large } });
    const whole = await first.start(hear);
    await first.engine.stop();
    payloads.lost = true;
    const next = open();
    await next.engine.resume();
    assert.equal(await next.engine.deliver(event("e1")), 1);
    assert.deepEqual(await next.output(whole.id), [1]);
  });

  it("undoes a call that is cancelled before the hub has taken it up again, and does not make it", async () => {
    const payloads = frailPayloads();
    const { world, open } = await place({ payloads });
    const first = open();
    const argument = '{ name: one, more: "${ [range(9000)] }" }';
    const { id } = await first.start(
      workflowOf(`  - one: { call: "test.hold:1.0.0@default", with: ${argument} }\n`),
    );
    await world.outside.holding("one");
    await first.engine.stop();
    const next = open();
    const held = deferred();
    payloads.reading = held.promise;
    const resuming = next.engine.resume();
    await payloads.asked.promise;
    // The hub is still reading what the call is to be made with.
    await next.engine.cancel({ opId: newOpId(), runId: id, by: "ada", reason: "enough" });
    held.resolve();
    await resuming;
    await world.outside.undoneCalls(1);
    assert.equal((await next.engine.get(id)).state, "cancelled");
    assert.match(world.outside.undone.join(), /enough/);
    assert.equal(world.outside.calls.length, 1);
    assert.deepEqual(await next.store.db.selectFrom("effects").selectAll().execute(), []);
  });

  it("takes the same wish twice at the same time as one", async () => {
    const { open } = await place();
    const hub = open();
    await hub.engine.resume();
    const { id: runId } = await hub.start(hear);
    const pause = { opId: newOpId(), runId, by: "ada", reason: "" };
    const paused = await Promise.all([hub.engine.pause(pause), hub.engine.pause(pause)]);
    assert.deepEqual(
      paused.map(({ state }) => state),
      ["paused", "paused"],
    );
    const cancel = { opId: newOpId(), runId, by: "ada", reason: "" };
    const both = await Promise.all([hub.engine.cancel(cancel), hub.engine.cancel(cancel)]);
    assert.deepEqual(
      both.map(({ state }) => state),
      ["cancelled", "cancelled"],
    );
  });
});
