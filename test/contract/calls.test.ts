import assert from "node:assert/strict";
import { ComityError } from "#kernel/errors.js";
import { engineSuite } from "../support/engine-suite.js";
import { type TestEngine, workflowOf } from "../support/engines.js";
import { onEachStore } from "../support/stores.js";

const echo = (name: string, argument: string) =>
  `  - ${name}: { call: "test.echo:1.0.0@default", with: ${argument} }\n`;
const hold = (name: string) => `  - ${name}: { call: "test.hold:1.0.0@default", with: { name: ${name} } }\n`;

onEachStore("the calls of an engine", (newPlace) => {
  const { holds, opened } = engineSuite(newPlace);

  holds(
    "tells a call its right, its transition and what it goes on from, also when it is made again",
    async () => {
      const { hub, again, world } = await opened();
      const { id } = await hub.start(workflowOf(`${echo("one", "{ n: 1 }")}${hold("wait")}`));
      (await world.outside.holding("wait")).reject(new ComityError("QUORUM_LOST", "lost"));
      assert.equal((await hub.until(id)).state, "failed");
      await hub.engine.retry({ runId: id, by: "ada" });
      await world.outside.holding("wait");
      const next = await again(hub);
      await world.outside.holding("wait");
      await next.engine.cancel({ runId: id, by: "ada", reason: "enough" });
      await world.outside.undoneCalls(1);
      await next.engine.retry({ runId: id, by: "ada", from: "wait" });
      (await world.outside.holding("wait")).resolve({ ok: true });
      assert.deepEqual(await next.output(id), { ok: true });
      const told = world.outside.callers.map(({ effect, lease, resumes, madeSeq }) => {
        return [effect, resumes, madeSeq, lease.fence];
      });
      // One is made by the start, two by its end, three by the retry after a failure (4), four by that after a cancellation (6).
      assert.deepEqual(told, [
        ["e1", undefined, 1, 1],
        ["e2", undefined, 2, 1],
        ["e3", "e2", 4, 1],
        ["e3", "e2", 4, 2],
        ["e4", "e3", 6, 2],
      ]);
      const owners = world.outside.callers.map(({ lease }) => lease.owner);
      assert.deepEqual([new Set(owners.slice(0, 3)).size, new Set(owners).size], [1, 2]);
    },
  );

  holds(
    "writes the number of the transition that takes in a call's end into the row that its function keeps",
    async () => {
      const { hub, again, world } = await opened();
      const keep = (name: string) =>
        `          - ${name}: { call: "test.keep:1.0.0@default", with: { name: ${name} } }\n`;
      const branches = ["done", "fails", "undone"].map(keep).join("");
      const other = `          - other: { call: "test.hold:1.0.0@default", with: { name: other } }\n`;
      const { id } = await hub.start(
        workflowOf(`  - all:\n      fork:\n        branches:\n${branches}${other}`),
      );
      const kept = { function: "test.keep", revision: 1, argument: "{}", ref: "", draw_base: 0, position: 0 };
      const row = {
        ...kept,
        created_at_ms: 0,
        state: null,
        status: "open",
        output: null,
        error: null,
        version: 0,
      };
      await hub.store.write(async ({ db }) => {
        for (const effect of ["e1", "e2", "e3", "e4"])
          await db
            .insertInto("calls")
            .values({ ...row, run_id: id, effect, origin: effect, ended_seq: null })
            .execute();
      });
      const ends = async ({ store }: TestEngine) => {
        const rows = await store.db
          .selectFrom("calls")
          .select(["effect", "ended_seq"])
          .where("run_id", "=", id)
          .orderBy("effect")
          .execute();
        return rows.map(({ ended_seq: seq }) => seq);
      };
      (await world.outside.holding("done")).resolve({});
      while ((await ends(hub))[0] === null) await new Promise(setImmediate);
      assert.deepEqual(await ends(hub), [2, null, null, null]);
      await world.outside.holding("fails");
      // Also of a call that was made by a process before.
      const next = await again(hub);
      (await world.outside.holding("fails")).reject(new ComityError("QUORUM_LOST", "lost"));
      assert.equal((await next.until(id)).state, "failed");
      // The failure of one has cancelled the others; that of a function without rows is no business of theirs.
      await world.outside.undoneCalls(2);
      assert.deepEqual(await ends(next), [2, 3, 3, null]);
      await next.engine.retry({ runId: id, by: "ada" });
      await next.engine.cancel({ runId: id, by: "ada", reason: "enough" });
      assert.deepEqual(await ends(next), [2, 3, 3, null]);
    },
  );
});
