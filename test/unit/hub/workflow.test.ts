import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type PlanInput, planSchema } from "#hub/rounds/plan.js";
import { prepareTraining } from "#hub/rounds/training.js";
import { RunChanges } from "#hub/workflow/changes.js";
import { fedTrain, onlyStep, parseWorkflow, trainingWorkflow } from "#hub/workflow/definition.js";
import type { RunEvent } from "#hub/workflow/model.js";
import { parseConfig } from "#kernel/config.js";
import { parseRunId } from "#kernel/ids.js";

const plan: PlanInput = {
  dataset: { labels: { dataset: "digits" } },
  model: { name: "logistic", input: [784], classes: 10 },
};

describe("a workflow", () => {
  it("of one step is taken, and its step found", () => {
    const workflow = parseWorkflow(JSON.parse(JSON.stringify(trainingWorkflow("digits", plan))));
    assert.deepEqual(onlyStep(workflow), { ref: "/do/0/train", call: fedTrain, argument: plan });
  });

  const wrong: [string, (workflow: ReturnType<typeof trainingWorkflow>) => unknown, RegExp][] = [
    ["no object", () => "train", /the document/],
    ["another version of the DSL", (w) => ({ ...w, document: { ...w.document, dsl: "2.0.0" } }), /1\.0\.3/],
    ["an unknown key", (w) => ({ ...w, dO: [] }), /unknown key "dO".*did you mean "do"/],
    ["no step", (w) => ({ ...w, do: [] }), /one step/],
    ["two steps", (w) => ({ ...w, do: [...w.do, ...w.do] }), /one step/],
    ["an empty step", (w) => ({ ...w, do: [{}] }), /exactly one task/],
    [
      "two tasks in one step",
      (w) => ({ ...w, do: [{ ...w.do[0], more: w.do[0]?.["train"] }] }),
      /exactly one task/,
    ],
    ["an unknown function", (w) => ({ ...w, do: [{ train: { call: "http", with: {} } }] }), /fed\.train/],
    ["a name with spaces", (w) => ({ ...w, document: { ...w.document, name: "a b" } }), /document\.name/],
  ];
  for (const [what, make, says] of wrong) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => parseWorkflow(make(trainingWorkflow("digits", plan))), {
        code: "WORKFLOW_UNSUPPORTED",
        message: says,
      });
    });
  }
});

describe("a step's reference", () => {
  it("is a JSON Pointer also when the step's name has a slash", () => {
    const [step] = trainingWorkflow("digits", plan).do;
    const workflow = { ...trainingWorkflow("digits", plan), do: [{ "a/b~c": step?.["train"] }] };
    assert.equal(onlyStep(parseWorkflow(workflow)).ref, "/do/0/a~1b~0c");
  });
});

describe("a training plan", () => {
  const parse = (text: string) => parseConfig(text, "plan.yaml", planSchema, "PLAN_INVALID");
  const base = "dataset: { labels: { dataset: digits } }\nmodel: { name: mlp, input: [784], classes: 10 }\n";

  it("has a default for everything but the data and the model", () => {
    const { rounds, quorum, deadline, grace, evaluation, local, seed, strategy, name } = parse(base);
    assert.deepEqual(
      { rounds, quorum, deadline, grace, evaluation, seed, strategy, name },
      {
        rounds: 10,
        quorum: {},
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
      /^plan\.yaml:3:\d+: strategy must be one of fedavg; did you mean "fedavg"/,
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
    assert.throws(() => prepareTraining({ ...plan, rounds: 0 }), { code: "PLAN_INVALID", message: /rounds/ });
    assert.throws(
      () => prepareTraining({ ...plan, model: { layers: [{ class_name: "Nope", config: {} }] } }),
      {
        code: "MODEL_INVALID",
      },
    );
    const { tensors, workJson } = prepareTraining(plan);
    assert.deepEqual(
      tensors.map(({ shape }) => shape),
      [[784, 10], [10]],
    );
    assert.equal((JSON.parse(workJson.train) as { kind: string }).kind, "train");
  });
});

describe("news of runs", () => {
  const runId = parseRunId("run-1");
  const event: RunEvent = {
    runId,
    seq: 0,
    atMs: 0,
    type: "assignment.progress",
    round: 1,
    site: "",
    text: "epoch 1",
    data: {},
  };

  it("costs a watcher who does not read no endless memory, and never its wake-up", async () => {
    const changes = new RunChanges();
    const { news, stop } = changes.subscribe(runId);
    for (let i = 0; i < 20_000; i++) changes.tell(event);
    changes.tell({ ...event, seq: 1, type: "round.started" });
    assert(news.size < 2000, `${news.size} are kept`);
    stop();
    let looks = 0;
    for await (const item of news) if (item === "look") looks++;
    assert.equal(looks, 1);
  });

  it("wakes whoever asked before it came", async () => {
    const changes = new RunChanges();
    const next = changes.next(runId);
    changes.notify(runId);
    await next;
  });
});
