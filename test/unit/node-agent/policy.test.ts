import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { decide } from "#node-agent/policy/decide.js";
import { pauseSwitch } from "#node-agent/policy/pause.js";
import { policySchema } from "#node-agent/policy/rules.js";
import { evaluate as evaluateKind } from "#proto/work/evaluate.js";
import type { Kind, Leaves, WorkFacts } from "#proto/work/kind.js";
import { train as trainKind } from "#proto/work/train.js";
import { temporaryFolders } from "../../support/folders.js";

const layers = [{ class_name: "Dense", config: { units: 2 } }];
const common = { dataset: { name: "digits" }, layers };
const workOf = (kind: Kind, body: object) => ({ step: { kind }, body: kind.body.parse(body) });
const train = workOf(trainKind, { ...common, local: { epochs: 5 }, seed: 1 });
const evaluate = workOf(evaluateKind, { ...common, loss: "meanSquaredError" });

/** Work that this release does not have: facts and class as given. */
function other(leaves: Leaves, facts: Partial<WorkFacts> = {}) {
  const kind: Kind = {
    ...trainKind,
    name: "train",
    facts: () => ({ dataset: { name: "digits" }, rows: "all", passes: 1, ...facts }),
    answer: { leaves, weight: "none", kept: "folded" },
  };
  return { step: { kind }, body: {} };
}

const inputsOf = (...sizes: number[]) => sizes.map((sizeBytes) => ({ blob: { sizeBytes } }));
const offer = { round: 3, release: "", minSites: 0, inputs: inputsOf(1000) };
const digits = { name: "digits", trainRows: 100, testRows: 20 };
const rules = (given: object = {}) => policySchema.parse(given);
const ruleOf = (
  given: object,
  work: { step: { kind: Kind }; body: unknown } = train,
  facts: Partial<typeof offer> = {},
  dataset: typeof digits | undefined = digits,
) => {
  const decision = decide({ ...offer, ...facts }, work, rules(given), dataset);
  if (!decision.allow) assert.equal(decision.code, "POLICY_REFUSED");
  return decision.allow ? "allowed" : decision.rule;
};

describe("node-agent/policy", () => {
  const folder = temporaryFolders();

  it("allows training and evaluation on the site's datasets by default", () => {
    assert.equal(ruleOf({}), "allowed");
    assert.equal(ruleOf({}, evaluate), "allowed");
  });

  it("refuses by each rule, at its bound and not before", () => {
    assert.equal(ruleOf({ pause: true }), "pause");
    assert.equal(ruleOf({ kinds: ["evaluate"] }), "kinds");
    assert.equal(ruleOf({ kinds: ["evaluate"] }, evaluate), "allowed");
    assert.equal(ruleOf({ kinds: [] }, evaluate), "kinds");
    assert.equal(ruleOf({ datasets: ["digits"] }), "allowed");
    assert.equal(ruleOf({ datasets: ["other"] }), "datasets");
    assert.equal(ruleOf({ datasets: [] }), "datasets");
    assert.equal(ruleOf({ maxRounds: 3 }), "allowed");
    assert.equal(ruleOf({ maxRounds: 2 }), "maxRounds");
    assert.equal(ruleOf({ maxEpochs: 5 }), "allowed");
    assert.equal(ruleOf({ maxEpochs: 4 }), "maxEpochs");
    assert.equal(ruleOf({ maxEpochs: 4 }, evaluate), "allowed");
    assert.equal(ruleOf({ maxEpochs: 0 }, evaluate), "allowed");
    assert.equal(ruleOf({ maxEpochs: 0 }, other("aggregate")), "maxEpochs");
    assert.equal(ruleOf({ maxModelMegabytes: 1 }, train, { inputs: inputsOf(1e6) }), "allowed");
    assert.equal(
      ruleOf({ maxModelMegabytes: 1 }, train, { inputs: inputsOf(6e5, 4e5 + 1) }),
      "maxModelMegabytes",
    );
    assert.equal(ruleOf({ maxModelMegabytes: 1 }, train, { inputs: [] }), "allowed");
  });

  it("lets leave what it names, by class and not by kind", () => {
    assert.equal(ruleOf({ leaves: ["aggregate"] }), "leaves");
    assert.equal(ruleOf({ leaves: ["aggregate"] }, evaluate), "allowed");
    assert.equal(ruleOf({ leaves: [] }, evaluate), "leaves");
    assert.equal(ruleOf({ leaves: ["aggregate"] }, other("value")), "leaves");
    assert.equal(ruleOf({}, other("value")), "allowed");
  });

  it("allows other sites to see its answers only when it says so", () => {
    const asked = (release: string, given: object = {}, work = train) => ruleOf(given, work, { release });
    for (const release of ["", "together", "each"]) assert.equal(asked(release), "allowed");
    for (const release of ["participants", "everybody"]) assert.equal(asked(release), "releases");
    assert.equal(asked("participants", { releases: ["participants"] }), "allowed");
    assert.equal(asked("", { releases: ["together"] }), "releases");
    assert.equal(asked("each", { releases: ["together"] }), "releases");
    assert.equal(asked("participants", {}, other("nothing")), "allowed");
  });

  it("asks for as many sites behind whatever is let out as it says; what is not told is not there", () => {
    const asked = (minSites: number, given: object, release = "together", work = train) =>
      ruleOf(given, work, { release, minSites });
    assert.equal(asked(0, {}), "allowed");
    assert.equal(asked(3, { minSites: 3 }), "allowed");
    assert.equal(asked(2, { minSites: 3 }), "minSites");
    assert.equal(asked(0, { minSites: 2 }), "minSites");
    assert.equal(asked(5, { minSites: 2 }, "each"), "minSites");
    assert.equal(asked(5, { minSites: 2 }, ""), "minSites");
    assert.equal(asked(0, { minSites: 2 }, "together", other("nothing")), "allowed");
  });

  it("looks at no row of work without data", () => {
    const work = other("value", { dataset: undefined, rows: "none", passes: 0 });
    assert.equal(
      decide(offer, work, rules({ minRows: 1000, datasets: [], maxEpochs: 0 }), undefined).allow,
      true,
    );
  });

  it("counts the rows that the work would use, and tells the hub no count", () => {
    assert.equal(ruleOf({}, train, {}, { ...digits, trainRows: 10 }), "allowed");
    assert.equal(ruleOf({}, train, {}, { ...digits, trainRows: 9 }), "minRows");
    assert.equal(ruleOf({}, train, {}, { ...digits, testRows: 0 }), "allowed");
    assert.equal(ruleOf({ minRows: 120 }, other("aggregate")), "allowed");
    assert.equal(ruleOf({ minRows: 121 }, other("aggregate")), "minRows");
    const decision = decide(offer, evaluate, rules({ minRows: 50 }), { ...digits, testRows: 47 });
    assert.ok(!decision.allow && decision.rule === "minRows" && !decision.reason.includes("47"));
  });

  it("pauses at once by a file in the agent's folder", async () => {
    const dir = await folder();
    const isPaused = pauseSwitch(dir, rules());
    assert.equal(isPaused(), false);
    await writeFile(join(dir, "pause"), "");
    assert.equal(isPaused(), true);
    await rm(join(dir, "pause"));
    assert.equal(isPaused(), false);
    assert.equal(pauseSwitch(dir, rules({ pause: true }))(), true);
  });
});
