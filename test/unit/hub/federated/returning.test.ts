import assert from "node:assert/strict";
import type { Transaction } from "kysely";
import { after, before, describe, it } from "mocha";
import type { Schema } from "#hub/store/schema.js";
import { sleep } from "#kernel/async.js";
import type { Outcome } from "../../../support/federated-outcome.js";
import {
  type FederatedCase,
  finished,
  playThrough,
  rolesWith,
  siteId,
  startCase,
  steadyRoles,
  trainCall,
  training,
} from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts } from "../../../support/federated-world.js";
import type { MemorySite } from "../../../support/memory-site.js";
import type { Watch } from "../../../support/mortal.js";

const returning = siteId("c");
/** Nobody is waited for who goes away. */
const tasks = `  - train: ${trainCall("points", "rounds: 1, grace: 0s")}\n`;

/** How a site comes back of which an answer is awaited. */
const ways: Readonly<
  Record<string, (site: MemorySite, hub: Parameters<MemorySite["connect"]>[0]) => Promise<void>[]>
> = {
  "answers what it holds then": (site, hub) => [site.connect(hub).then(() => site.answerHeld())],
  "sends what it was asked for before, at the same time": (site, hub) => [
    site.connect(hub),
    site.answerHeld(),
  ],
  "goes and comes again, and sends": (site, hub) => {
    const first = site.connect(hub);
    site.disconnect();
    return [first, site.connect(hub), site.answerHeld()];
  },
};

/** What must be so at every commit: nothing is asked, or asked again, of a stage that is over. */
const nothingAfterTheEnd = async (_commit: number, trx: Transaction<Schema>): Promise<void> => {
  const asked = await trx
    .selectFrom("assignments")
    .innerJoin("stages", (join) =>
      join
        .onRef("stages.run_id", "=", "assignments.run_id")
        .onRef("stages.effect", "=", "assignments.effect")
        .onRef("stages.position", "=", "assignments.position")
        .onRef("stages.stage", "=", "assignments.stage"),
    )
    .select(["assignment_id", "attempt"])
    .where("stages.status", "!=", "open")
    .where("assignments.state", "in", ["offered", "accepted"])
    .execute();
  assert.deepEqual(asked, [], "it is asked of a stage that is over");
};

describe("a site that returns while its stage closes", function () {
  this.timeout(120_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  /** What comes of it with its answer, and without. */
  const come: Record<"with" | "without", Outcome[]> = { with: [], without: [] };
  before(async () => {
    for (const [key, roles] of [
      ["with", steadyRoles],
      ["without", steadyRoles.filter(({ site }) => site !== returning)],
    ] as const) {
      await using world = await FederatedWorld.make(shared, roles);
      come[key].push(await playThrough(world, { name: key, tasks, roles }));
    }
  });

  for (const [way, comeBack] of Object.entries(ways)) {
    it(`and ${way}: its answer is in the model or told as late, whatever commit it comes before`, async () => {
      const counts = { with: 0, without: 0 };
      for (let commit = 1; ; commit++) {
        // It goes with the work in its hands; what it is offered later it does.
        const roles = rolesWith({ [returning]: holdsFirst, "acme/b": failsTwice });
        await using world = await FederatedWorld.make(shared, roles);
        const site = world.site(returning);
        const backs: Promise<void>[] = [];
        let left = 0;
        const watch: Watch = {
          within: nothingAfterTheEnd,
          async before() {
            if (site.offers.length === 0 || backs.length > 0) return;
            if (left++ === 0) site.disconnect();
            if (left < commit) return;
            backs.push(...comeBack(site, hub));
            // As far as it gets before this commit.
            await Promise.race([Promise.all(backs), sleep(1)]);
          },
        };
        const hub = await world.hub({ watch });
        const run = await startCase(await hub.open(), { tasks });
        await hub.until(run.id);
        await Promise.all(backs);
        await site.settled();
        const outcome = await finished(world, run);
        const own = await world.db
          .selectFrom("assignments")
          .selectAll()
          .where("site", "=", returning)
          .execute();
        const [trained] = own.filter(({ kind }) => kind === "train");
        const key = trained?.state === "delivered" ? "with" : "without";
        try {
          const [expected] = come[key];
          assert.deepEqual(gistOf(outcome), expected && gistOf(expected));
          if (key === "without") assert.equal(trained?.state, "vanished");
          // Whoever has a receipt is in, and whoever is in has one.
          assert.deepEqual(site.received.has(trained?.assignment_id ?? ""), key === "with");
        } catch (error) {
          throw new Error(`back before commit ${commit} after it has gone`, { cause: error });
        }
        counts[key]++;
        if (backs.length === 0) break;
      }
      assert.ok(counts.with > 1 && counts.without > 1, JSON.stringify(counts));
    });
  }

  it("is not missed when it is away for a moment only, before whatever commit", async () => {
    await using alone = await FederatedWorld.make(shared, training.roles);
    const undisturbed = await playThrough(alone, training);
    for (const name of ["a", "c"])
      for (let commit = 1; ; commit++) {
        await using world = await FederatedWorld.make(shared, training.roles);
        const site = world.site(siteId(name));
        const backs: Promise<void>[] = [];
        const watch: Watch = {
          within: nothingAfterTheEnd,
          async before(number) {
            if (site.offers.length === 0 || number < commit || backs.length > 0) return;
            site.disconnect();
            backs.push(site.connect(hub));
            await Promise.race([Promise.all(backs), sleep(1)]);
          },
        };
        const hub = await world.hub({ watch });
        const run = await startCase(await hub.open(), training);
        await hub.until(run.id);
        await Promise.all(backs);
        try {
          assert.deepEqual(await finished(world, run), undisturbed);
        } catch (error) {
          throw new Error(`${name} away before commit ${commit}`, { cause: error });
        }
        if (backs.length === 0) break;
      }
  });
});

type Deed = NonNullable<FederatedCase["roles"][number]["deed"]>;

/** The stage is open for some commits more. */
const failsTwice: Deed = ({ assignment: { kind, attempt } }) =>
  kind === "train" && attempt < 3 ? { fail: "Not yet.", retryable: true } : "answer";

const holdsFirst: Deed = ({ assignment: { kind, attempt } }) =>
  kind === "train" && attempt === 1 ? "hold" : "answer";

/** What has come of a training, not how often who was asked for it. */
const gistOf = ({ state, output, models, folds }: Outcome) => ({ state, output, models, folds });
