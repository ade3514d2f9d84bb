import assert from "node:assert/strict";
import type { Transaction } from "kysely";
import { after, describe, it } from "mocha";
import type { Run } from "#hub/runs/model.js";
import type { Schema } from "#hub/store/schema.js";
import { deferred, sleep } from "#kernel/async.js";
import {
  type FederatedCase,
  failingTraining,
  finished,
  largeModel,
  playThrough,
  startCase,
  steadyRoles,
  trainCall,
  training,
} from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts } from "../../../support/federated-world.js";

const cases: readonly FederatedCase[] = [
  training,
  failingTraining,
  {
    name: "a training of a model that lies in files",
    tasks: `  - train: ${trainCall("large", "rounds: 1", largeModel)}\n`,
    roles: steadyRoles,
  },
];

/** Two hubs share the rows. The first one is silent for longer than its lease, and does not know that its runs are taken. */
describe("a hub whose run another one has taken", function () {
  this.timeout(120_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  for (const of of cases) {
    it(`writes nothing more, whatever it was about to write: ${of.name}`, async () => {
      await using alone = await FederatedWorld.make(shared, of.roles);
      const undisturbed = await playThrough(alone, of);
      let displaced = 0;
      for (let commit = 1; ; commit++) {
        await using world = await FederatedWorld.make(shared, of.roles);
        const now: { run?: Run; isTaken?: true } = {};
        const taken = deferred();
        const seen = new Map<number, string>();
        const written: number[] = [];
        const first = await world.hub({
          watch: {
            async before(number) {
              if (now.run === undefined || number < commit || now.isTaken === true) return;
              now.isTaken = true;
              await world.db
                .updateTable("snapshots")
                .set((eb) => ({ owner: "another", fence: eb("fence", "+", 1) }))
                .execute();
              taken.resolve();
            },
            async within(number, trx) {
              if (now.isTaken !== true) return;
              const rows = await driven(trx);
              if (rows !== (seen.get(number) ?? rows)) written.push(number);
              seen.set(number, rows);
            },
          },
        });
        now.run = await startCase(await first.open(), of);
        const { run } = now;
        await Promise.race([first.until(run.id), taken.promise]);
        if (now.isTaken === true) {
          // It has all the time that it would need.
          await sleep(20);
          await (await (await world.hub()).open()).until(run.id);
        }
        try {
          assert.deepEqual(await finished(world, run, { swept: true }), undisturbed);
          assert.deepEqual(written, [], "the commits by which it has written all the same");
        } catch (error) {
          throw new Error(`taken before commit ${commit}`, { cause: error });
        }
        if (now.isTaken === undefined) break;
        displaced++;
      }
      assert.ok(displaced > 10, `it was displaced ${displaced} times`);
    });
  }
});

/** All that only drivers write. */
async function driven(trx: Transaction<Schema>): Promise<string> {
  const rows = [
    await trx.selectFrom("calls").selectAll().execute(),
    await trx.selectFrom("folds").selectAll().execute(),
    await trx.selectFrom("rounds").selectAll().execute(),
    await trx.selectFrom("model_versions").selectAll().execute(),
    await trx.selectFrom("stages").select(["position", "stage", "status", "inputs"]).execute(),
    await trx.selectFrom("assignments").select(["assignment_id", "attempt"]).execute(),
  ];
  return JSON.stringify(rows);
}
