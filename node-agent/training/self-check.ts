import { seeded } from "#aggregation/random/random.js";
import type { Layers } from "#aggregation/topology/layers.js";
import { batchLoss } from "./losses.js";
import { Model } from "./model.js";
import { tf } from "./tensorflow.js";

/** All that the models of a plan are made of, as small as can be: two convolutions, one with a stride, and a dense layer. */
const layers: Layers = [
  {
    class_name: "Conv2D",
    config: {
      name: "first",
      batch_input_shape: [null, 8, 8, 2],
      filters: 4,
      kernel_size: [3, 3],
      padding: "same",
      activation: "relu",
    },
  },
  { class_name: "MaxPooling2D", config: { name: "pool", pool_size: [2, 2] } },
  {
    class_name: "Conv2D",
    config: {
      name: "second",
      filters: 4,
      kernel_size: [3, 3],
      strides: [2, 2],
      padding: "same",
      activation: "tanh",
    },
  },
  { class_name: "Flatten", config: { name: "flat" } },
  { class_name: "Dense", config: { name: "hidden", units: 8, activation: "relu" } },
  { class_name: "Dense", config: { name: "out", units: 3, activation: "softmax" } },
];

/**
 * The greatest difference between the gradients of a back end and of `cpu` in one training step of a small net; NaN when one
 * has no value. The back end is current afterwards. Throws what the back end throws.
 */
export async function gradientDifference(backend: string): Promise<number> {
  const expected = (await gradients("cpu")).flatMap((values) => [...values]);
  const found = backend === "cpu" ? expected : (await gradients(backend)).flatMap((values) => [...values]);
  if (found.length !== expected.length) return Number.NaN;
  return expected.reduce(
    (most, value, place) => Math.max(most, Math.abs(value - (found[place] ?? Number.NaN))),
    0,
  );
}

async function gradients(backend: string): Promise<Float32Array[]> {
  if (!(await tf.setBackend(backend))) throw new Error("the back end does not start");
  await tf.ready();
  const model = await Model.build(layers, "categoricalCrossentropy");
  try {
    model.load(
      model.specs.map((spec, phase) => ({
        ...spec,
        dtype: "F32",
        values: waves(
          spec.shape.reduce((a, b) => a * b, 1),
          phase,
        ),
      })),
    );
    const rows = 3;
    const targets = Float32Array.of(0, 2, 1);
    return model.gradients(
      waves(rows * model.inputs, 100),
      rows,
      (outputs) => {
        const gradient = new Float32Array(outputs.length);
        batchLoss(
          "categoricalCrossentropy",
          model.form,
          { rows, width: 3, classes: 3, outputs, targets },
          1 / rows,
          gradient,
        );
        return gradient;
      },
      seeded("self-check"),
    );
  } finally {
    model.dispose();
  }
}

/** Values from -0.5 to 0.5, the same on every machine. */
function waves(count: number, phase: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: count },
    (_, index) => (((index + 1) * (7919 + 104 * phase)) % 1000) / 1000 - 0.5,
  );
}
