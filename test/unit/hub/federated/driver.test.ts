import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Run } from "#hub/runs/model.js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Outcome } from "../../../support/federated-outcome.js";
import { finished, playThrough, startCase, training } from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts, type WorldSettings } from "../../../support/federated-world.js";
import { Forgetful } from "../../../support/forgetful.js";

describe("the driver of federated calls", function () {
  this.timeout(120_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());
  const newWorld = (settings: WorldSettings = {}) => FederatedWorld.make(shared, training.roles, settings);
  let undisturbed: Outcome;

  before(async () => {
    await using world = await newWorld();
    undisturbed = await playThrough(world, training);
    assert.equal(undisturbed.state, "completed");
  });

  it("comes to the same when it forgets all it has in memory after every commit", async () => {
    const forgetful = new Forgetful();
    await using world = await newWorld({ around: forgetful.around });
    const hub = await (await world.hub({ watch: forgetful.watch })).open();
    const run = await startCase(hub, training);
    await hub.until(run.id);
    assert.deepEqual(await finished(world, run), undisturbed);
    assert.ok(forgetful.times >= 8, `it has forgotten ${forgetful.times} times`);
  });

  for (const commits of [6, 7, 8, 9, 10]) {
    it(`comes to the same when no hub lives for more than ${commits} commits`, async () => {
      await using world = await newWorld();
      for (let hubs = 1; ; hubs++) {
        assert.ok(hubs < 30, "it does not come to an end");
        const hub = await world.hub({ death: { commit: commits, side: "after" } });
        const isOver = await startCase(await hub.open(), training)
          .then((run) =>
            Promise.race([hub.until(run.id).then(() => !hub.mortal.dead), hub.mortal.died.then(() => false)]),
          )
          .catch((error: unknown) => {
            if (!hub.mortal.dead) throw error;
            return false;
          });
        await hub.stop();
        if (isOver) break;
      }
      assert.deepEqual(await playThrough(world, training), undisturbed);
    });
  }

  it("leaves nothing open, and holds nothing, when it is cancelled after any commit", async () => {
    let cancelled = 0;
    for (let commit = 1; ; commit++) {
      await using world = await newWorld();
      const now: { run?: Run; cancelling?: Promise<unknown> } = {};
      const cancel = (runId: RunId) => hub.engine.cancel({ runId, by: "ada", reason: "" });
      const hub = await world.hub({
        watch: {
          after: (number) => {
            if (number < commit || now.run === undefined) return;
            // Its own commit waits for this one.
            now.cancelling ??= cancel(now.run.id).then(() => cancelled++, ignoreEnd);
          },
        },
      });
      const run = (now.run = await startCase(await hub.open(), training));
      const { state } = await hub.until(run.id);
      await now.cancelling;
      await until(async () => (await world.db.selectFrom("effects").selectAll().execute()).length === 0);
      await finished(world, run);
      if (state === "completed" && now.cancelling === undefined) break;
      assert.ok(commit < 100, "it does not come to an end");
    }
    assert.ok(cancelled > 10, `it was cancelled ${cancelled} times`);
  });
});

/** A wish that came too late. */
function ignoreEnd(error: unknown): void {
  if (!(error instanceof ComityError && error.code === "RUN_ENDED")) throw error;
}

/** Waits until something holds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, "it never came to be");
    await sleep(2);
  }
}
