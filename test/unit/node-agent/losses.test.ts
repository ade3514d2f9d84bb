import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Batch, batchLoss, type LossName, type OutputForm } from "#node-agent/training/losses.js";

const forms: [LossName, OutputForm, number | undefined][] = [
  ["categoricalCrossentropy", "softmaxLogits", 4],
  ["categoricalCrossentropy", "values", 4],
  ["binaryCrossentropy", "sigmoidLogits", 4],
  ["binaryCrossentropy", "values", 4],
  ["binaryCrossentropy", "sigmoidLogits", 2],
  ["binaryCrossentropy", "values", undefined],
  ["meanSquaredError", "values", 4],
  ["meanSquaredError", "values", undefined],
];

/** Three rows of outputs between 0.05 and 0.95, as probabilities are. */
const outputsOf = (width: number) =>
  fc
    .array(fc.integer({ min: 5, max: 95 }), { minLength: 3 * width, maxLength: 3 * width })
    .map((all) => all.map((value) => value / 100));

describe("losses", () => {
  for (const [name, form, classes] of forms) {
    // Two classes may be one number.
    const width = classes === undefined || classes === 2 ? 1 : classes;
    it(`${name} of ${form} with ${classes ?? "no"} classes: the gradient is that of the loss`, () => {
      fc.assert(
        fc.property(outputsOf(width), (outputs) => {
          const targets =
            classes === undefined ? Float32Array.of(0.25, 1, 0) : Float32Array.of(0, classes - 1, 1);
          const batch: Batch = { rows: 3, width, classes, targets, outputs: Float32Array.from(outputs) };
          const gradient = new Float32Array(outputs.length);
          batchLoss(name, form, batch, 0.5, gradient);
          const step = 2 ** -10;
          for (const place of outputs.keys()) {
            const moved = (by: number) => {
              const near = Float32Array.from(batch.outputs);
              near[place] = (near[place] ?? 0) + by;
              return batchLoss(name, form, { ...batch, outputs: near }).loss;
            };
            const slope = ((moved(step) - moved(-step)) / (2 * step)) * 0.5;
            const found = gradient[place] ?? Number.NaN;
            assert(
              Math.abs(found - slope) < 1e-3 * Math.max(1, Math.abs(slope)),
              `${place}: ${found}, not ${slope}`,
            );
          }
        }),
        { numRuns: 30 },
      );
    });
  }

  it("stays finite where a probability rounds to 0 or 1", () => {
    const sure = {
      rows: 1,
      width: 2,
      classes: 2,
      outputs: Float32Array.of(-1e4, 1e4),
      targets: Float32Array.of(0),
    };
    assert.equal(batchLoss("categoricalCrossentropy", "softmaxLogits", sure).loss, 2e4);
    assert.equal(batchLoss("binaryCrossentropy", "sigmoidLogits", sure).loss, 1e4);
    assert(
      Number.isFinite(
        batchLoss("categoricalCrossentropy", "values", { ...sure, outputs: Float32Array.of(0, 1) }).loss,
      ),
    );
    assert(
      Number.isFinite(
        batchLoss("binaryCrossentropy", "values", { ...sure, outputs: Float32Array.of(0, 1) }).loss,
      ),
    );
  });

  it("shows a net that ran away", () => {
    const lost = {
      rows: 1,
      width: 2,
      classes: 2,
      outputs: Float32Array.of(Number.NaN, 1),
      targets: Float32Array.of(0),
    };
    for (const [name, form] of forms) assert(Number.isNaN(batchLoss(name, form, lost).loss), name);
  });

  it("counts the rows whose class was found", () => {
    const outputs = Float32Array.of(0.1, 0.7, 0.2, 0.5, 0.3, 0.2);
    const batch = { rows: 2, width: 3, classes: 3, outputs, targets: Float32Array.of(1, 2) };
    assert.equal(batchLoss("categoricalCrossentropy", "values", batch).correct, 1);
    const one = {
      rows: 3,
      width: 1,
      classes: 2,
      outputs: Float32Array.of(0.6, 0.4, 0.2),
      targets: Float32Array.of(1, 1, 0),
    };
    assert.equal(batchLoss("binaryCrossentropy", "values", one).correct, 2);
    const logits = { ...one, outputs: Float32Array.of(0.6, 0.4, -0.2) };
    assert.equal(batchLoss("binaryCrossentropy", "sigmoidLogits", logits).correct, 3);
    assert.equal(batchLoss("meanSquaredError", "values", { ...one, classes: undefined }).correct, 0);
  });
});
