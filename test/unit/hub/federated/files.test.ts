import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { deferred, sleep } from "#kernel/async.js";
import type { BlobRef } from "#kernel/refs.js";
import {
  finished,
  largeModel,
  playThrough,
  siteId,
  startCase,
  steadyRoles,
  trainCall,
} from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts, type WorldHub } from "../../../support/federated-world.js";
import { madeModel, plainReport, scripted } from "../../../support/scripted-function.js";

const large = { tasks: `  - train: ${trainCall("large", "rounds: 1, evaluation: none", largeModel)}\n` };

describe("the files of federated calls", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  it("stay when a fold makes the same bytes again that are just being removed", async () => {
    const again = scripted<BlobRef | null>("again", {
      revision: 1,
      *begin() {
        return { state: yield* madeModel({ isLarge: true }) };
      },
      *round(_call, _state, { position }) {
        // The state of the beginning goes with the first round, and the third makes it anew.
        if (position < 3) return { next: null, round: plainReport };
        const model = yield* madeModel({ isLarge: true });
        const save = { series: "again", model, base: undefined, layers: [], figures: {}, sites: 0 };
        return { output: () => null, round: plainReport, save };
      },
    });
    let removals = 0;
    const beforeRemoval = async () => {
      removals++;
      await sleep(100);
    };
    await using world = await FederatedWorld.make(shared, [], { functions: [again], beforeRemoval });
    const tasks = '  - again: { call: "test.again:1.0.0@default", with: {} }\n';
    const { state } = await playThrough(world, { name: "again", tasks, roles: [] });
    assert.equal(state, "completed");
    assert.equal(removals, 1);
  });

  it("go when an answer comes too late in the very moment in which it is written", async () => {
    const late = siteId("c");
    await using world = await FederatedWorld.make(shared, steadyRoles);
    const site = world.site(late);
    let other: WorldHub | undefined;
    const hub = await world.hub({
      watch: {
        async before() {
          const [sha256] = site.digests.values();
          if (sha256 === undefined || !(await world.files()).includes(sha256) || other !== undefined) return;
          other = await world.hub();
          await other.assignments.siteRevoked(late);
        },
      },
    });
    const run = await startCase(await hub.open(), large);
    assert.equal((await hub.until(run.id)).state, "completed");
    assert.equal(site.late.length, 1);
    await finished(world, run);
  });

  it("go with their call, when it ends while the last bytes of an answer are on their way", async () => {
    const [reached, goOn] = [deferred(), deferred()];
    const roles = steadyRoles.map((role) =>
      role.site === siteId("c") ? { ...role, pause: () => (reached.resolve(), goOn.promise) } : role,
    );
    await using world = await FederatedWorld.make(shared, roles);
    const hub = await (await world.hub()).open();
    const run = await startCase(hub, large);
    await reached.promise;
    assert.ok((await world.files()).some((name) => name.startsWith("incoming/")));
    await hub.engine.cancel({ runId: run.id, by: "ada", reason: "" });
    await hub.until(run.id);
    while ((await world.db.selectFrom("effects").selectAll().execute()).length > 0) await sleep(1);
    goOn.resolve();
    await world.site(siteId("c")).settled();
    assert.deepEqual(world.site(siteId("c")).faults, []);
    assert.equal(world.site(siteId("c")).late.length, 1);
    await finished(world, run);
  });
});
