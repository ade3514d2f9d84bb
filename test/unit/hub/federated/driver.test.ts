import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Run } from "#hub/runs/model.js";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import {
  assertBlobs,
  assertNothingOpen,
  type Outcome,
  outcomeOf,
} from "../../../support/federated-outcome.js";
import {
  type FederatedCase,
  finished,
  playThrough,
  rolesWith,
  startCase,
  steadyRoles,
  trainCall,
} from "../../../support/federated-runs.js";
import {
  FederatedWorld,
  SharedParts,
  type WorldHub,
  type WorldSettings,
} from "../../../support/federated-world.js";
import { Forgetful } from "../../../support/forgetful.js";
import {
  evaluation,
  firstModel,
  plainReport,
  plainRule,
  scripted,
} from "../../../support/scripted-function.js";

const training: FederatedCase = {
  name: "fed.train",
  tasks: `  - train: ${trainCall("points")}\n`,
  roles: steadyRoles,
};
/** All three must answer, and one cannot in the second round of the first call. */
const failing: FederatedCase = {
  name: "fed.train that fails",
  tasks: training.tasks.replace("quorum: { min: 2 }", "quorum: { min: 3 }"),
  roles: rolesWith({
    "acme/b": ({ assignment: { effect, kind, round } }) =>
      effect === "e1" && kind === "train" && round === 2
        ? { fail: "It is broken.", retryable: false }
        : "answer",
  }),
};

describe("the driver of federated calls", function () {
  this.timeout(120_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());
  const worldOf = ({ roles }: FederatedCase, settings: WorldSettings = {}) =>
    FederatedWorld.make(shared, roles, settings);
  let undisturbed: Outcome;
  let failed: Outcome;

  before(async () => {
    await using world = await worldOf(training);
    undisturbed = await playThrough(world, training);
    assert.equal(undisturbed.state, "completed");
    await using other = await worldOf(failing);
    failed = await playThrough(other, failing);
    assert.equal(failed.state, "failed");
  });

  it("comes to the same when it forgets all it has in memory after every commit", async () => {
    const forgetful = new Forgetful();
    await using world = await worldOf(training, { around: forgetful.around });
    const hub = await (await world.hub({ watch: forgetful.watch })).open();
    const run = await startCase(hub, training);
    await hub.until(run.id);
    assert.deepEqual(await finished(world, run), undisturbed);
    assert.ok(forgetful.times >= 8, `it has forgotten ${forgetful.times} times`);
  });

  for (const commits of [6, 7, 8, 9, 10]) {
    it(`comes to the same when no hub lives for more than ${commits} commits`, async () => {
      await using world = await worldOf(training);
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
      await using world = await worldOf(training);
      let begun: Run | undefined;
      let cancelling: Promise<unknown> | undefined;
      const cancel = (runId: RunId) => hub.engine.cancel({ runId, by: "ada", reason: "" });
      const hub = await world.hub({
        watch: {
          after: (number) => {
            if (number >= commit && begun !== undefined)
              // Its own commit waits for this one.
              cancelling ??= cancel(begun.id).then(() => cancelled++, ignoreEnd);
          },
        },
      });
      begun = await startCase(await hub.open(), training);
      const { state } = await hub.until(begun.id);
      await cancelling;
      await until(async () => (await world.db.selectFrom("effects").selectAll().execute()).length === 0);
      await finished(world, begun);
      if (state === "completed" && cancelling === undefined) break;
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
