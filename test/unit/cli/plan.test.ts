import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { strategies } from "#aggregation/strategies/index.js";
import { readPlan } from "#cli/plan.js";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { readConfig } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { agentConfigSchema } from "#node-agent/config.js";

describe("a plan file", () => {
  let folder = "";
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "comity-plan-"))));
  afterEach(() => rm(folder, { recursive: true }));

  const faultsOf = async (text: string): Promise<string> => {
    const path = join(folder, "plan.yaml");
    await writeFile(path, text);
    try {
      await readPlan(path);
    } catch (error) {
      assert.ok(error instanceof ComityError);
      assert.equal(error.code, "PLAN_INVALID");
      return error.message.replaceAll(path, "plan.yaml");
    }
    return "no fault";
  };

  it("is sent as its author wrote it", async () => {
    const path = join(folder, "plan.yaml");
    await writeFile(
      path,
      "name: hearts\ndataset: { name: heart }\nmodel: { name: logistic, input: [13], classes: 2 }\ndeadline: 90s\n",
    );
    const { name, plan } = await readPlan(path);
    assert.equal(name, "hearts");
    assert.deepEqual(plan, {
      name: "hearts",
      dataset: { name: "heart" },
      model: { name: "logistic", input: [13], classes: 2 },
      deadline: "90s",
    });
    assert.deepEqual(trainingWorkflow(name, plan).do, [
      { train: { call: "fed.train:1.0.0@default", with: plan } },
    ]);
  });

  it("names every fault with its place, the allowed values and a guess", async () => {
    const text = [
      "datset: { labels: { dataset: digits } }",
      "dataset: {}",
      "model: { name: mlpp, input: [784], classes: 10 }",
      "rounds: ten",
      "strategy: fedag",
      "local:",
      "  epoch: 5",
      "deadline: 10 minutes",
    ].join("\n");
    assert.deepEqual((await faultsOf(text)).split("\n"), [
      'plan.yaml:1:1: unknown key "datset"; did you mean "dataset"?',
      "plan.yaml:2:1: dataset: give a dataset's `name`, or `labels` that it must have",
      'plan.yaml:3:10: model.name must be one of mlp, logistic, cnn; did you mean "mlp"?',
      "plan.yaml:4:1: rounds: expected number, received string",
      `plan.yaml:5:1: strategy must be one of ${strategies.map(({ name }) => name).join(", ")}; did you mean "fedavg"?`,
      'plan.yaml:7:3: unknown key "epoch" in local; did you mean "epochs"?',
      "plan.yaml:8:1: deadline: a duration such as `500ms`, `30s`, `10m` or `2h`",
    ]);
  });

  it("says what is missing", async () => {
    assert.equal(
      await faultsOf("rounds: 3\n"),
      "plan.yaml:1:1: dataset is missing\nplan.yaml:1:1: model is missing",
    );
    assert.equal(await faultsOf(""), "plan.yaml:1:1: the document: expected object, received null");
  });

  it("says that there is no file", async () => {
    await assert.rejects(readPlan(join(folder, "none.yaml")), {
      code: "PLAN_INVALID",
      message: `There is no file ${join(folder, "none.yaml")}.`,
    });
  });

  it("in examples/digits is good", async () => {
    const { name, plan } = await readPlan("examples/digits/plan.yaml");
    assert.equal(name, "digits");
    assert.deepEqual(plan.model, { name: "mlp", input: [784], hidden: [64], classes: 10 });
  });
});

describe("the agent.yaml in examples/digits", () => {
  it("is good", async () => {
    const config = await readConfig("examples/digits/agent.yaml", agentConfigSchema);
    assert.equal(config.site, "acme/berlin");
    assert.deepEqual(config.datasets[0]?.columns["pixel*"], { type: "integer", divide: 255 });
  });
});
