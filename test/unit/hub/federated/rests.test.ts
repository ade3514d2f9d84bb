import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import type { FederatedFunction } from "#hub/federated/function.js";
import { ask } from "#hub/federated/script.js";
import { deferred, sleep } from "#kernel/async.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import {
  type FederatedCase,
  finished,
  playThrough,
  siteId,
  startCase,
  steadyRoles,
  training,
} from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts } from "../../../support/federated-world.js";
import { evaluation, madeModel, plainReport, scripted } from "../../../support/scripted-function.js";

const tasks = '  - one: { call: "test.rounds:1.0.0@default", with: {} }\n';

/** Two rounds that measure a model; `upgrades`: it takes over states of the revision before. */
const rounds = (revision: number, { upgrades = false } = {}): FederatedFunction =>
  scripted<BlobRef>("rounds", {
    revision,
    *begin() {
      return { state: yield* madeModel() };
    },
    *round(_call, state, { position }) {
      yield* ask(evaluation("measure", state));
      const round = plainReport;
      return position < 2 ? { next: state, round } : { output: () => revision, round };
    },
    ...(upgrades && { upgrade: (old: Json) => old as unknown as BlobRef }),
  });

describe("a call that rests", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  /** A world whose first hub plays revision 1, and stops while round `round` is asked of a site that takes its time. */
  async function stoppedIn(round: number) {
    const reached = deferred();
    let asked = 0;
    const roles = steadyRoles.map((role) =>
      role.site === siteId("c")
        ? {
            ...role,
            deed: () => (++asked === round ? (reached.resolve(), "hold" as const) : ("answer" as const)),
          }
        : role,
    );
    const settings: { functions: readonly FederatedFunction[] } = { functions: [rounds(1)] };
    const world = await FederatedWorld.make(shared, roles, settings);
    const hub = await (await world.hub()).open();
    const run = await startCase(hub, { tasks });
    await reached.promise;
    await world.stopHubs();
    const next = async (...functions: FederatedFunction[]) => {
      settings.functions = functions;
      return (await world.hub()).open();
    };
    const callNow = () => world.db.selectFrom("calls").selectAll().executeTakeFirstOrThrow();
    return { world, run, next, callNow, answer: () => world.site(siteId("c")).answerHeld() };
  }

  it("waits for a release that can play it, and goes on there as if nothing had been", async () => {
    const { run, next, callNow, answer, ...parts } = await stoppedIn(2);
    await using world = parts.world;
    const newer = await next(rounds(3));
    await answer();
    await sleep(100);
    assert.equal((await newer.engine.get(run.id)).state, "running");
    assert.equal((await callNow()).status, "open");
    await world.stopHubs();
    const older = await next(rounds(1));
    assert.equal((await older.until(run.id)).state, "completed");
    await finished(world, run);
  });

  it("is cancelled all the same where nobody can play it", async () => {
    const { run, next, ...parts } = await stoppedIn(1);
    await using world = parts.world;
    const newer = await next(rounds(2));
    await newer.engine.cancel({ runId: run.id, by: "ada", reason: "" });
    assert.equal((await newer.until(run.id)).state, "cancelled");
    while ((await world.db.selectFrom("effects").selectAll().execute()).length > 0) await sleep(1);
    await world.stopHubs();
    // What there is of it can be verified by the release that made it.
    await next(rounds(1));
    await finished(world, run);
  });

  it("within a round that nobody can play is not upgraded, and between rounds it needs no script of before", async () => {
    const { run, next, callNow, answer, ...parts } = await stoppedIn(1);
    await using world = parts.world;
    await next(rounds(2, { upgrades: true }));
    await sleep(50);
    assert.equal((await callNow()).revision, 1);
    await world.stopHubs();
    // The release before ends the round, and is paused then.
    const older = await next(rounds(1));
    await older.engine.pause({ runId: run.id, by: "ada", reason: "" });
    await answer();
    while ((await callNow()).position < 1) await sleep(1);
    await world.stopHubs();
    const upgraded = await next(rounds(2, { upgrades: true }));
    await upgraded.engine.unpause({ runId: run.id, by: "ada" });
    assert.equal(await upgraded.output(run.id), 2);
    assert.equal((await callNow()).revision, 2);
  });

  it("because its run is paused ends its round before, begins no other, and comes to the same", async () => {
    const of: FederatedCase = training;
    await using alone = await FederatedWorld.make(shared, of.roles);
    const undisturbed = await playThrough(alone, of);
    const [reached, goOn] = [deferred(), deferred()];
    const roles = of.roles.map((role) =>
      role.site === siteId("c") ? { ...role, pause: () => (reached.resolve(), goOn.promise) } : role,
    );
    await using world = await FederatedWorld.make(shared, roles);
    const hub = await (await world.hub()).open();
    const run = await startCase(hub, of);
    await reached.promise;
    await hub.engine.pause({ runId: run.id, by: "ada", reason: "" });
    goOn.resolve();
    const positions = async () =>
      (await world.db.selectFrom("rounds").select(["position", "status"]).execute()).map(
        ({ position, status }) => `${position} ${status}`,
      );
    while (!(await positions()).includes("1 completed")) await sleep(1);
    await sleep(50);
    assert.deepEqual(await positions(), ["1 completed"]);
    await hub.engine.unpause({ runId: run.id, by: "ada" });
    await hub.until(run.id);
    assert.deepEqual(await finished(world, run), undisturbed);
  });
});
