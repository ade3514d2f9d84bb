import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "mocha";
import { openPostgres } from "#hub/store/postgres.js";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { Store } from "#hub/store/store.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { newWorld, TestEngine, workflowOf } from "../support/engines.js";
import { closingStores, skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";

const text = workflowOf(
  `  - wait: { call: "test.hold:1.0.0@default", with: { name: wait } }
  - last: { call: "test.echo:1.0.0@default", with: { n: "\${ .n }" } }\n`,
);

describe("two hubs on one database", () => {
  skipWithoutPostgres();
  const engines: TestEngine[] = [];
  afterEach(async () => {
    for (const { engine } of engines.splice(0)) await engine.stop().catch(() => undefined);
  });
  const opened = closingStores();
  const database = temporaryDatabases();
  const expressions = new JqExpressions();
  after(() => expressions.close());

  async function pair() {
    const address = await readPostgresAddress((await database()).address);
    const world = newWorld({ expressions });
    const open = async () => {
      const one = new TestEngine(opened(new Store(await openPostgres(address))), world);
      engines.push(one);
      return one;
    };
    return { world, first: await open(), second: await open() };
  }

  it("work on different runs, and steer each other's", async () => {
    const { world, first, second } = await pair();
    await first.engine.resume();
    await second.engine.resume();
    const { id } = await first.start(text);
    const held = await world.outside.holding("wait");
    await second.engine.pause({ runId: id, by: "ada", reason: "" });
    assert.equal((await first.until(id, ({ state }) => state === "paused")).state, "paused");
    await second.engine.unpause({ runId: id, by: "ada" });
    await first.until(id, ({ state }) => state === "running");
    held.resolve({ n: 1 });
    assert.deepEqual(await first.output(id), { n: 1 });
    await assert.rejects(second.engine.cancel({ runId: id, by: "ada", reason: "" }), { code: "RUN_ENDED" });
    await first.engine.stop();
    await second.engine.stop();
    await first.verifyAll();
  });

  /** A run that the first one began and the second one took: the first one's lease is over, but it does not know. */
  async function takenOver() {
    const { world, first, second } = await pair();
    await first.engine.resume();
    const { id } = await first.start(text);
    const stale = await world.outside.holding("wait");
    await second.store.write(({ db }) => db.deleteFrom("owners").execute());
    assert.equal(await second.engine.resume(), 1);
    const held = await world.outside.holding("wait");
    const ends = async () => {
      held.resolve({ n: 2 });
      assert.deepEqual(await second.output(id), { n: 2 });
      await first.engine.stop();
      await second.engine.stop();
      await second.verifyAll();
    };
    return { id, first, stale, ends };
  }

  it("take over from one another; what comes back late counts for nothing", async () => {
    const { stale, ends } = await takenOver();
    stale.resolve({ n: "late" });
    await ends();
  });

  it("take back what they had lost, before they knew: the call is made again by the new right", async () => {
    const { world, first, second } = await pair();
    await first.engine.resume();
    const { id } = await first.start(text);
    const stale = await world.outside.holding("wait");
    await second.store.write(({ db }) => db.deleteFrom("owners").execute());
    assert.equal(await second.engine.resume(), 1);
    await world.outside.holding("wait");
    await second.engine.stop();
    // The first hub has not heard of anything, and looks for what nobody works on.
    assert.equal(await first.engine.resume(), 1);
    await assert.rejects(stale.promise, { code: "LEASE_LOST" });
    (await world.outside.holding("wait")).resolve({ n: 3 });
    assert.deepEqual(await first.output(id), { n: 3 });
    assert.deepEqual(
      world.outside.callers.map(({ effect, lease }) => [effect, lease.fence]),
      [
        ["e1", 1],
        ["e1", 2],
        ["e1", 3],
        ["e2", 3],
      ],
    );
    await first.engine.stop();
    await first.verifyAll();
  });

  it("refuse to steer a run that was taken from them, before they know", async () => {
    const { id, first, ends } = await takenOver();
    await assert.rejects(first.engine.cancel({ runId: id, by: "ben", reason: "" }), { code: "LEASE_LOST" });
    await ends();
  });
});
