import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { decide } from "#node-agent/policy/decide.js";
import { pauseSwitch } from "#node-agent/policy/pause.js";
import { policySchema } from "#node-agent/policy/rules.js";
import { type Work, workSchema } from "#proto/codec/work.js";
import { temporaryFolders } from "../../support/folders.js";

const layers = [{ class_name: "Dense", config: { units: 2 } }];
const train: Work = workSchema.parse({
  kind: "train",
  dataset: { name: "digits" },
  layers,
  local: { epochs: 5 },
  seed: 1,
});
const evaluate: Work = workSchema.parse({
  kind: "evaluate",
  dataset: { name: "digits" },
  layers,
  loss: "meanSquaredError",
});
const offer = { round: 3, baseBytes: 1000 };
const digits = { name: "digits", trainRows: 100, testRows: 20 };
const rules = (given: object = {}) => policySchema.parse(given);
const ruleOf = (given: object, work: Work = train, facts = offer, dataset = digits) => {
  const decision = decide(facts, work, rules(given), dataset);
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
    assert.equal(ruleOf({ maxModelMegabytes: 1 }, train, { ...offer, baseBytes: 1e6 }), "allowed");
    assert.equal(
      ruleOf({ maxModelMegabytes: 1 }, train, { ...offer, baseBytes: 1e6 + 1 }),
      "maxModelMegabytes",
    );
  });

  it("counts the rows that the work would use, and tells the hub no count", () => {
    assert.equal(ruleOf({}, train, offer, { ...digits, trainRows: 10 }), "allowed");
    assert.equal(ruleOf({}, train, offer, { ...digits, trainRows: 9 }), "minRows");
    assert.equal(ruleOf({}, train, offer, { ...digits, testRows: 0 }), "allowed");
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
