import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { seeded } from "#aggregation/random/random.js";
import { decodeTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { describeLayers } from "#aggregation/topology/describe.js";
import type { Layers } from "#aggregation/topology/layers.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import { ComityError } from "#kernel/errors.js";
import type { Rows } from "#node-agent/data/connector.js";
import { chooseBackend } from "#node-agent/training/backends.js";
import type { LossName } from "#node-agent/training/losses.js";
import { Model } from "#node-agent/training/model.js";
import { tf } from "#node-agent/training/tensorflow.js";
import { evaluate, type LoopHooks, type TrainOptions, train } from "#node-agent/training/trainer.js";
import { initialModel } from "../../support/initial-model.js";

const hooks: LoopHooks = { progress: () => undefined, checkCancelled: () => undefined };

/** Rows of three classes, each around a point of its own, so that a small net can tell them apart. */
function clouds(count: number, width = 4): Rows {
  const random = seeded("clouds");
  const targets = Float32Array.from({ length: count }, () => random.integer(3));
  const features = Float32Array.from({ length: count * width }, (_, at) => {
    const label = targets[Math.floor(at / width)] ?? 0;
    return ((at % width) % 3 === label ? 1 : 0) + 0.2 * random.normal();
  });
  return { count, width, classes: 3, features, targets };
}

const mlp: Layers = namedModel({ name: "mlp", input: [4], classes: 3, hidden: [8] });
const withDropout: Layers = [
  ...mlp.slice(0, -1),
  { class_name: "Dropout", config: { name: "drop", rate: 0.5 } },
  ...mlp.slice(-1),
];

async function started(layers: Layers, loss: LossName = "categoricalCrossentropy"): Promise<Model> {
  const model = await Model.build(layers, loss);
  model.load(decodeTensors(initialModel(layers, 1)));
  return model;
}

const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  epochs: 3,
  batch: 16,
  learningRate: 0.1,
  loss: "categoricalCrossentropy",
  random: seeded("train", 1, 2, "acme/berlin"),
  ...more,
});

async function trained(layers: Layers, rows: Rows, more: Partial<TrainOptions> = {}) {
  const model = await started(layers, more.loss);
  try {
    const { metrics } = train(model, rows, options(more), hooks);
    return { metrics, bytes: encodeTensors(model.tensors()) };
  } finally {
    model.dispose();
  }
}

describe("models", () => {
  before(() => chooseBackend());

  for (const name of ["mlp", "logistic", "cnn"] as const) {
    it(`${name} has the tensors that the hub expects, and gives back what it was given`, async () => {
      const layers = namedModel({ name, input: [28, 28, 1], classes: 10 });
      const blob = initialModel(layers, 1);
      const model = await started(layers);
      assert.deepEqual(model.specs, describeLayers(layers).tensors);
      assert.deepEqual(encodeTensors(model.tensors()), blob);
      model.dispose();
    });
  }

  it("refuse weights of another model, and layers that are none", async () => {
    const model = await Model.build(mlp, "categoricalCrossentropy");
    const other = initialModel(namedModel({ name: "mlp", input: [5], classes: 3, hidden: [8] }), 1);
    assert.throws(() => model.load(decodeTensors(other)), { code: "UPDATE_SCHEMA_WRONG" });
    model.dispose();
    const unknown = [{ class_name: "Dence", config: { units: 1 } }];
    await assert.rejects(Model.build(unknown, "meanSquaredError"), { code: "MODEL_INVALID" });
    const image = [
      { class_name: "Conv2D", config: { batch_input_shape: [null, 4, 4, 1], filters: 2, kernel_size: 3 } },
    ];
    await assert.rejects(Model.build(image, "meanSquaredError"), {
      code: "MODEL_INVALID",
      message: /a list of numbers is needed/,
    });
  });
});

describe("training", () => {
  before(() => chooseBackend());

  it("learns, and leaves no tensor behind", async () => {
    const rows = clouds(300);
    const tensors = tf.memory().numTensors;
    const model = await started(mlp);
    const first = evaluate(model, rows, { loss: "categoricalCrossentropy", batch: 64 }, hooks);
    const during = tf.memory().numTensors;
    train(model, rows, options({ epochs: 10 }), hooks);
    const shift = model.tensors().map(({ values }) => values.map(() => 0));
    train(model, rows, options({ epochs: 1, prox: 0.1, shift }), hooks);
    assert.equal(tf.memory().numTensors, during);
    const last = evaluate(model, rows, { loss: "categoricalCrossentropy", batch: 64 }, hooks);
    assert(last.loss < first.loss / 3, `${first.loss} to ${last.loss}`);
    assert((last.accuracy ?? 0) > 0.95, String(last.accuracy));
    model.dispose();
    assert.equal(tf.memory().numTensors, tensors);
  });

  for (const [what, layers] of [
    ["a net", mlp],
    ["a net with dropout", withDropout],
  ] as const) {
    it(`gives the same bytes for the same seed, and others for another: ${what}`, async () => {
      const rows = clouds(100);
      const once = await trained(layers, rows);
      assert.deepEqual(await trained(layers, rows), once);
      const other = await trained(layers, rows, { random: seeded("train", 1, 3, "acme/berlin") });
      assert.notDeepEqual(other.bytes, once.bytes);
    });
  }

  it("drops values out in training only", async () => {
    const rows = clouds(50);
    const [plain, dropping] = [await started(mlp), await started(withDropout)];
    assert.deepEqual(dropping.predict(rows.features, 50), plain.predict(rows.features, 50));
    plain.dispose();
    dropping.dispose();
    assert.notDeepEqual((await trained(withDropout, rows)).bytes, (await trained(mlp, rows)).bytes);
  });

  it("takes the step of gradient descent that can be worked out by hand", async () => {
    const layers: Layers = [
      { class_name: "Dense", config: { name: "out", units: 1, batch_input_shape: [null, 2] } },
    ];
    const model = await Model.build(layers, "meanSquaredError");
    model.load([
      { name: "out/kernel", dtype: "F32", shape: [2, 1], values: Float32Array.of(1, -1) },
      { name: "out/bias", dtype: "F32", shape: [1], values: Float32Array.of(0.5) },
    ]);
    const rows: Rows = {
      count: 2,
      width: 2,
      classes: undefined,
      features: Float32Array.of(1, 2, 3, 4),
      targets: Float32Array.of(0, 1),
    };
    // Outputs -0.5 and -0.5, errors -0.5 and -1.5: loss 1.25; gradients by the kernel -5 and -7, by the bias -2.
    const { metrics, steps } = train(
      model,
      rows,
      options({ epochs: 1, batch: 2, loss: "meanSquaredError" }),
      hooks,
    );
    assert.equal(metrics.loss, 1.25);
    assert.equal(steps, 1);
    const found = model.tensors().flatMap(({ values }) => [...values]);
    const expected = [1.5, -0.3, 0.7];
    assert(
      expected.every((value, at) => Math.abs(value - (found[at] ?? 9)) < 1e-6),
      found.join(", "),
    );
    model.dispose();
  });

  it("takes every row once an epoch, the last batch being smaller", async () => {
    const seen: number[] = [];
    const fractions: number[] = [];
    const model = await started(mlp);
    const predict = model.descend.bind(model);
    model.descend = (features, rows, gradient, random) => {
      seen.push(rows);
      predict(features, rows, gradient, random);
    };
    const watched: LoopHooks = { ...hooks, progress: (fraction) => void fractions.push(fraction) };
    assert.equal(train(model, clouds(40), options({ epochs: 2 }), watched).steps, 6);
    assert.deepEqual(seen, [16, 16, 8, 16, 16, 8]);
    assert(
      fractions.every(
        (fraction, at) => fraction >= 0 && fraction <= 1 && fraction > (fractions[at - 1] ?? -1),
      ),
    );
    model.dispose();
  });

  it("learns a number, and two classes in one output", async () => {
    const random = seeded("line");
    const features = Float32Array.from({ length: 200 }, () => random.normal());
    const one: Layers = [
      { class_name: "Dense", config: { name: "out", units: 1, batch_input_shape: [null, 1] } },
    ];
    const line: Rows = {
      count: 200,
      width: 1,
      classes: undefined,
      features,
      targets: features.map((x) => 3 * x - 1),
    };
    const regression = await trained(one, line, { loss: "meanSquaredError", epochs: 20 });
    assert(regression.metrics.loss < 1e-3, String(regression.metrics.loss));
    assert(!("accuracy" in regression.metrics));
    const sides: Rows = { ...line, classes: 2, targets: features.map((x) => (x > 0 ? 1 : 0)) };
    const logistic = namedModel({ name: "logistic", input: [1], classes: 1 });
    const { metrics } = await trained(logistic, sides, { loss: "binaryCrossentropy", epochs: 20 });
    assert((metrics.accuracy ?? 0) > 0.95, String(metrics.accuracy));
  });

  it("trains convolutions", async () => {
    const layers = namedModel({ name: "cnn", input: [12, 12, 1], classes: 3 });
    const rows = clouds(60, 144);
    const { metrics } = await trained(layers, rows, { epochs: 8 });
    assert((metrics.accuracy ?? 0) > 0.9, String(metrics.accuracy));
  });

  it("stops between two batches when it is cancelled", async () => {
    const model = await started(mlp);
    let batches = 0;
    const cancelling: LoopHooks = {
      ...hooks,
      checkCancelled() {
        if (++batches > 3) throw new ComityError("RUN_CANCELLED", "The work was cancelled.");
      },
    };
    assert.throws(() => train(model, clouds(300), options({ epochs: 1000 }), cancelling), {
      code: "RUN_CANCELLED",
    });
    assert.equal(batches, 4);
    model.dispose();
  });

  it("says when the loss runs away", async () => {
    const linear: Layers = [
      { class_name: "Dense", config: { name: "out", units: 3, batch_input_shape: [null, 4] } },
    ];
    await assert.rejects(
      trained(linear, clouds(100), { learningRate: 100, epochs: 50, loss: "meanSquaredError" }),
      {
        code: "UPDATE_NOT_FINITE",
        message: /no finite number after epoch \d+ of 50/,
      },
    );
  });

  const misfits = [
    [
      "rows that are too wide",
      mlp,
      clouds(10, 5),
      "categoricalCrossentropy",
      /takes 4 values for each row \(\[4\]\); the dataset has 5/,
    ],
    [
      "other classes",
      mlp,
      { ...clouds(10), classes: 4 },
      "categoricalCrossentropy",
      /gives 3 outputs; the dataset's target has 4 classes/,
    ],
    [
      "a number for classes",
      mlp,
      { ...clouds(10), classes: undefined },
      "categoricalCrossentropy",
      /needs a target of type category/,
    ],
    [
      "a number for three outputs",
      mlp,
      { ...clouds(10), classes: undefined },
      "meanSquaredError",
      /a target that is a number needs 1/,
    ],
    ["no rows", mlp, { ...clouds(0) }, "categoricalCrossentropy", /has no rows here/],
  ] as const;
  for (const [what, layers, rows, loss, message] of misfits) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(trained(layers, rows, { loss }), { code: "DATA_INVALID", message });
    });
  }
});
