import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import type { Run } from "#hub/runs/model.js";
import type { Outcome } from "../../../support/federated-outcome.js";
import {
  type FederatedCase,
  finished,
  largeModel,
  playThrough,
  pointsData,
  rolesWith,
  startCase,
  steadyRoles,
  trainCall,
} from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts } from "../../../support/federated-world.js";
import type { Death } from "../../../support/mortal.js";

/** What is killed at every commit. A line for each script: whatever a script does must come to the same. */
const cases: readonly FederatedCase[] = [
  {
    name: "fed.train, with a site that fails once and one that refuses once",
    tasks: `  - train: ${trainCall("points")}\n`,
    roles: rolesWith({
      "acme/b": ({ assignment: { kind, round, attempt } }) =>
        kind === "train" && round === 1 && attempt === 1
          ? { fail: "The disk is slow.", retryable: true }
          : "answer",
      "acme/c": ({ assignment: { kind, round } }) =>
        kind === "train" && round === 2 ? { refuse: "Not now." } : "answer",
    }),
  },
  {
    name: "fed.round in a loop, and fed.evaluate",
    tasks: `  - rounds:
      for: { each: round, in: "\${ [1, 2, 3] }" }
      do:
        - one:
            call: fed.round:1.0.0@default
            with: { name: loop, ${pointsData}, model: "\${ $context.model // { name: \\"mlp\\", input: [4], classes: 2, hidden: [3] } }" }
            export: { as: "\${ { model: { sha256: .model.sha256 } } }" }
  - test: { call: "fed.evaluate:1.0.0@default", with: { ${pointsData}, model: "\${ $context.model }" } }
`,
    roles: steadyRoles,
  },
  {
    name: "two fed.train side by side",
    tasks: `  - both:
      fork:
        branches:
          - left: ${trainCall("left")}
          - right: ${trainCall("right", "rounds: 2, seed: 5")}
`,
    roles: steadyRoles,
    parallel: true,
  },
  {
    name: "fed.query with levels, sums and spreads, without a site that refuses",
    tasks: `  - ask:
      call: fed.query:1.0.0@default
      with: { ${pointsData}, where: row.x != null, groups: [colour], statistics: [{ column: x, what: mean }, { column: x, what: variance }] }
`,
    roles: rolesWith({
      "acme/b": ({ assignment: { kind } }) => (kind === "levels" ? { refuse: "No words leave." } : "answer"),
    }),
  },
  {
    name: "two fed.train side by side that make the same bytes, in files",
    tasks: `  - both:
      fork:
        branches:
          - left: ${trainCall("left", "rounds: 3, strategy: fedadam, evaluation: none", largeModel)}
          - right: ${trainCall("right", "rounds: 3, strategy: fedadam, evaluation: none", largeModel)}
`,
    roles: steadyRoles,
    parallel: true,
  },
  {
    name: "fed.train of a model that lies in files",
    tasks: `  - train: ${trainCall("large", "rounds: 2", largeModel)}\n`,
    roles: steadyRoles,
  },
];

describe("federated calls under a hub that is killed", function () {
  this.timeout(120_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  /** Plays a case; its first hub dies as told, the next goes on. `commits`: of the first. */
  async function play(of: FederatedCase, death?: Death): Promise<{ outcome: Outcome; commits: number }> {
    await using world = await FederatedWorld.make(shared, of.roles);
    const first = await world.hub({ death });
    const { mortal } = first;
    let run: Run | undefined;
    try {
      run = await startCase(await first.open(), of);
      await Promise.race([first.until(run.id), mortal.died]);
    } catch (error) {
      if (!mortal.dead) throw error;
    }
    await first.stop();
    const { commits } = mortal;
    if (death === undefined && run !== undefined) return { outcome: await finished(world, run, of), commits };
    return { outcome: await playThrough(world, of), commits };
  }

  for (const of of cases) {
    it(`${of.name}: the same comes of it, whatever commit the hub died at`, async () => {
      const whole = await play(of);
      assert.equal(whole.outcome.state, "completed");
      let deaths = 0;
      for (let commit = 1; commit <= whole.commits; commit++) {
        for (const side of ["before", "after"] as const) {
          try {
            const killed = await play(of, { commit, side });
            if (killed.commits === commit) deaths++;
            assert.deepEqual(killed.outcome, whole.outcome);
          } catch (error) {
            throw new Error(`killed ${side} commit ${commit} of ${whole.commits}`, { cause: error });
          }
        }
      }
      // How changes share commits differs a little from run to run: the last commits may not be reached.
      assert.ok(deaths > whole.commits, `${deaths} deaths in ${whole.commits} commits`);
    });
  }
});
