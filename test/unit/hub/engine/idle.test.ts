import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { openSqlite } from "#hub/store/sqlite.js";
import { newWorld, TestEngine, workflowOf } from "#test/support/engines.js";

/** More than the engine keeps in memory without anything to do. */
const many = 520;

describe("runs that have nothing to do", () => {
  it("make room for others, and go on when something happens to them, also while others come and go", async () => {
    const world = newWorld();
    const hub = TestEngine.over(await openSqlite(":memory:"), world);
    try {
      await hub.engine.resume();
      const hear = workflowOf(
        `  - hear: { listen: { to: { all: [{ with: { type: a } }, { with: { type: b } }] } } }\n`,
      );
      const runs = await Promise.all(Array.from({ length: many }, () => hub.start(hear)));
      const send = (type: string) =>
        hub.engine.deliver({ specversion: "1.0", id: type, source: "/test", type, data: type });
      // Twice each, at the same time: every run is read again, some while they are being dropped.
      assert.deepEqual(
        (await Promise.all([send("a"), send("a")])).reduce((sum, runs) => sum + runs),
        many,
      );
      await Promise.all([send("b"), send("b"), ...runs.map(({ id }) => hub.engine.why(id))]);
      for (const { id } of runs) assert.deepEqual(await hub.output(id), ["a", "b"]);
      await hub.verifyAll();
    } finally {
      await hub.engine.stop();
      await world.expressions.close();
      await hub.store.close();
    }
  });
});
