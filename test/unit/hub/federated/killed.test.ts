import { after, describe, it } from "mocha";
import {
  type FederatedCase,
  largeModel,
  pointsData,
  rolesWith,
  steadyRoles,
  trainCall,
} from "../../../support/federated-runs.js";
import { SharedParts } from "../../../support/federated-world.js";
import { killedEverywhere, playKilled } from "../../../support/killed.js";

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

  for (const of of cases) {
    it(`${of.name}: the same comes of it, whatever commit the hub died at`, () =>
      killedEverywhere((death) => playKilled(shared, of, death)));
  }
});
