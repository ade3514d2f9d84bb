import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { FederatedFunction, LookUps } from "#hub/federated/function.js";
import { fedEvaluate } from "#hub/federated/functions/evaluate.js";
import { fedRound } from "#hub/federated/functions/round.js";
import { fedTrain, type PlanInput, planSchema } from "#hub/federated/functions/train.js";
import { parseConfig, parseValue } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { newRunId } from "#kernel/ids.js";
import { shapeOf } from "#proto/work/shape.js";

const plan: PlanInput = {
  dataset: { labels: { dataset: "digits" } },
  model: { name: "logistic", input: [784], classes: 10 },
};

/** Reads an argument as the hub does, before a run exists and again before the call. */
function argumentOf<Given>(fn: Pick<FederatedFunction<Given>, "argument" | "check">, given: unknown): Given {
  const parsed = parseValue(given, "with", fn.argument);
  fn.check(parsed);
  return parsed;
}

const layers = [{ class_name: "Dense", config: { units: 10 } }];
const base = { sha256: hashBytes("model"), sizeBytes: 5 };

/** A hub that has version 3 of `digits`, and one that has nothing. */
const found: LookUps["model"] = () =>
  Promise.resolve({
    model: "digits",
    version: 3,
    blob: base,
    runId: newRunId(),
    round: 3,
    parent: 2,
    createdAtMs: 1,
    metrics: {},
    layers: JSON.stringify(layers),
    sites: 2,
  });
const noModels: LookUps = { model: () => Promise.reject(new ComityError("MODEL_NOT_FOUND", "none")) };

describe("a training plan", () => {
  const parse = (text: string) => parseConfig(text, "plan.yaml", planSchema, "PLAN_INVALID");
  const base = "dataset: { labels: { dataset: digits } }\nmodel: { name: mlp, input: [784], classes: 10 }\n";

  it("has a default for everything but the data and the model", () => {
    const { rounds, quorum, deadline, grace, evaluation, local, seed, strategy, name } = parse(base);
    assert.deepEqual(
      { rounds, quorum, deadline, grace, evaluation, seed, strategy, name },
      {
        rounds: 10,
        quorum: { wait: 0, onShort: "fail" },
        deadline: 600_000,
        grace: 30_000,
        evaluation: "sites",
        seed: 1,
        strategy: "fedavg",
        name: "training",
      },
    );
    assert.deepEqual(local, {
      epochs: 1,
      batch: 32,
      optimizer: "sgd",
      learningRate: 0.1,
      loss: "categoricalCrossentropy",
    });
  });

  it("reads durations in four units", () => {
    for (const [text, ms] of [
      ["500ms", 500],
      ["30s", 30_000],
      ["10m", 600_000],
      ["2h", 7_200_000],
    ] as const)
      assert.equal(parse(`${base}deadline: ${text}`).deadline, ms);
  });

  const wrong: [string, string, RegExp][] = [
    ["an unknown key", `${base}rouns: 3`, /^plan\.yaml:3:1: unknown key "rouns"; did you mean "rounds"\?$/],
    ["no rounds", `${base}rounds: 0`, /^plan\.yaml:3:\d+: rounds: /],
    ["half a round", `${base}rounds: 1.5`, /^plan\.yaml:3:\d+: rounds: /],
    [
      "an unknown strategy",
      `${base}strategy: fedag`,
      /^plan\.yaml:3:\d+: strategy must be one of fedavg, fedavgm, .*, fedbuff; did you mean "fedavg"/,
    ],
    ["a duration without unit", `${base}deadline: "30"`, /^plan\.yaml:3:\d+: deadline: .*30s/],
    ["no model", "dataset: { name: x }\n", /model is missing/],
    ["no data", "model: { name: mlp, input: [784], classes: 10 }\n", /dataset is missing/],
    [
      "an empty selector",
      `dataset: {}\nmodel: { name: mlp, input: [1], classes: 2 }\n`,
      /^plan\.yaml:1:\d+: dataset: .*labels/,
    ],
    [
      "a model of another name",
      "dataset: { name: x }\nmodel: { name: mlq, input: [1], classes: 2 }\n",
      /^plan\.yaml:2:\d+: model\.name must be one of mlp, logistic, cnn; did you mean "mlp"/,
    ],
    ["no sites for the quorum", `${base}quorum: { min: 0 }`, /^plan\.yaml:3:\d+: quorum\.min: /],
    ["a local key out of range", `${base}local:\n  epochs: -1\n`, /^plan\.yaml:4:\d+: local\.epochs: /],
    ["two faults", `${base}rounds: x\nseed: -1\n`, /^plan\.yaml:3:.*\nplan\.yaml:4:/],
    ["a key twice", `${base}rounds: 1\nrounds: 2\n`, /^plan\.yaml:4:1: /],
    ["an alias", `${base}name: &a b\nstrategy: *a\n`, /^plan\.yaml:4:\d+: anchors and aliases/],
    ["a tag", `${base}name: !!js/function x\n`, /^plan\.yaml:3:\d+: tags are not allowed/],
    ["no YAML", "dataset: [", /^plan\.yaml:\d+:\d+: /],
    ["nothing", "", /^plan\.yaml:1:1: /],
  ];
  for (const [what, text, says] of wrong) {
    it(`with ${what} is refused with its place`, () => {
      assert.throws(() => parse(text), { code: "PLAN_INVALID", message: says });
    });
  }

  it("is checked in full before a run exists", () => {
    assert.throws(() => argumentOf(fedTrain, { ...plan, rounds: 0 }), {
      code: "ARGUMENT_INVALID",
      message: /rounds/,
    });
    const layers = [{ class_name: "Nope", config: {} }];
    assert.throws(() => argumentOf(fedTrain, { ...plan, model: { layers } }), { code: "MODEL_INVALID" });
  });

  it("says what the sites are asked first, and what tensors they must send", () => {
    const { work, body, rule } = fedTrain.first(argumentOf(fedTrain, plan));
    assert.deepEqual(
      shapeOf(work, body).tensors?.map(({ shape }) => shape),
      [[784, 10], [10]],
    );
    assert.equal(work.name, "train");
    assert.deepEqual(work.body.parse(body), body);
    const { onShort, atLeast, waitMs, deadlineMs, graceMs } = rule;
    assert.deepEqual([onShort, atLeast, waitMs, deadlineMs, graceMs], ["fail", 1, 0, 600_000, 30_000]);
  });
});

describe("the argument of one round", () => {
  const digest = "0".repeat(64);

  it("is a plan of one round, from a new model or from a version that the hub has", async () => {
    const version = { name: "digits", version: 3 };
    assert.deepEqual(argumentOf(fedRound, { ...plan, model: version }).model, version);
    assert.deepEqual(argumentOf(fedRound, { ...plan, model: { sha256: digest } }).model, { sha256: digest });
    // As the output of the round before has it.
    const output = { ...version, sha256: digest, bytes: 12 };
    assert.deepEqual(argumentOf(fedRound, { ...plan, model: output }).model, output);
    const begun = await fedRound.prepare(argumentOf(fedRound, plan), noModels);
    assert.deepEqual([begun.rounds, begun.name, begun.base], [1, "training", null]);
    assert.deepEqual(begun.layers, (await fedTrain.prepare(argumentOf(fedTrain, plan), noModels)).layers);
  });

  it("goes on with the series and the layers of the version, unless it names a series", async () => {
    const [given, named] = [{ ...plan, model: { name: "digits", version: 3 } }, { name: "other" }];
    const begun = await fedRound.prepare(argumentOf(fedRound, given), { model: found });
    assert.deepEqual([begun.name, begun.layers, begun.base], ["digits", layers, base]);
    const renamed = await fedRound.prepare(argumentOf(fedRound, { ...given, ...named }), { model: found });
    assert.deepEqual([renamed.name, renamed.base], ["other", base]);
    await assert.rejects(async () => fedRound.prepare(argumentOf(fedRound, given), noModels), {
      code: "MODEL_NOT_FOUND",
    });
  });

  const wrong: [string, object, RegExp][] = [
    ["a number of rounds", { ...plan, rounds: 3 }, /unknown key "rounds"/],
    ["a version that is none", { ...plan, model: { name: "digits", version: 0 } }, /model\.version/],
    ["a digest that is none", { ...plan, model: { sha256: "abc" } }, /model\.sha256.*hexadecimal/],
    ["no model", { dataset: plan.dataset }, /model is missing/],
  ];
  for (const [what, argument, says] of wrong) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => argumentOf(fedRound, argument), { code: "ARGUMENT_INVALID", message: says });
    });
  }
});

describe("the argument of an evaluation", () => {
  it("names a version, and nothing that only a training needs", async () => {
    const model = { name: "digits", version: 3 };
    const given = argumentOf(fedEvaluate, { dataset: plan.dataset, model });
    assert.deepEqual([given.model, given.loss], [model, "categoricalCrossentropy"]);
    const { model: tested, body } = await fedEvaluate.prepare(given, { model: found });
    assert.deepEqual([tested, body.layers], [base, layers]);
    for (const argument of [{ ...plan }, { dataset: plan.dataset, model, local: {} }, { model }])
      assert.throws(() => argumentOf(fedEvaluate, argument), { code: "ARGUMENT_INVALID" });
  });
});

describe("the rules on sites in a plan", () => {
  const wrong: [string, object, RegExp][] = [
    ["a site that is none", { site: "berlin" }, /at\.site: a site such as/],
    ["CEL that cannot be read", { where: "site.region ==" }, /at\.where: it cannot be read as CEL/],
    ["another variable", { score: "policy.rank" }, /at\.score: .*there is no policy here/],
    ["no site at all", { limit: 0 }, /at\.limit/],
    ["an unknown affinity", { affinity: "last" }, /previous, spread/],
    ["an empty list", { select: { organisations: [] } }, /organisations/],
  ];
  for (const [what, at, says] of wrong) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => argumentOf(fedTrain, { ...plan, at }), { code: "ARGUMENT_INVALID", message: says });
    });
  }
});
