import type { Random } from "#aggregation/random/random.js";
import { ComityError } from "#kernel/errors.js";
import type { LocalTraining } from "#proto/codec/work.js";
import type { Rows } from "../data/connector.js";
import { GradientTerms, type LocalTerms } from "./gradient-terms.js";
import { batchLoss, type LossName } from "./losses.js";
import type { Model } from "./model.js";

/** What a loop over rows tells and asks after each batch. */
export interface LoopHooks {
  /** How far the work is: 0 to 1, and a few words. */
  progress(fraction: number, text: string): void;
  /** Throws when the work is no longer wanted. */
  checkCancelled(): void;
}

/** Mean over all rows; `accuracy` only where the target is a category. */
export type Metrics = { loss: number; accuracy?: number };

export interface TrainOptions
  extends Pick<LocalTraining, "epochs" | "batch" | "learningRate" | "loss">,
    LocalTerms {
  /** Shuffles the rows before each epoch and drops values out. */
  readonly random: Random;
}

/** What a training has come to. */
interface Trained {
  readonly metrics: Metrics;
  /** How often the weights were changed. */
  readonly steps: number;
}

/**
 * Stochastic gradient descent over the rows; the last batch of an epoch may be smaller. The metrics are those of the last
 * epoch, each batch measured before its step. The same model, rows, options and seed give the same weights, bit for bit, on the same
 * back end. Throws `UPDATE_NOT_FINITE` when the loss runs away, and what `checkCancelled` throws.
 */
export function train(model: Model, rows: Rows, options: TrainOptions, hooks: LoopHooks): Trained {
  checkFit(model, rows, options.loss);
  const terms = GradientTerms.of(() => model.tensors(), options, options.learningRate);
  try {
    return descend(model, rows, options, terms, hooks);
  } finally {
    terms?.dispose();
  }
}

function descend(
  model: Model,
  rows: Rows,
  { epochs, batch, learningRate, loss, random }: TrainOptions,
  terms: GradientTerms | undefined,
  hooks: LoopHooks,
): Trained {
  const order = Uint32Array.from({ length: rows.count }, (_, row) => row);
  const picker = new Picker(model, rows, Math.min(batch, rows.count));
  let metrics: Metrics = { loss: Number.NaN };
  let steps = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    const totals = { loss: 0, correct: 0 };
    for (let start = 0; start < rows.count; start += batch) {
      hooks.checkCancelled();
      const taken = picker.take(order.subarray(start, start + batch));
      model.descend(
        taken.features,
        taken.rows,
        (outputs) => {
          const gradient = new Float32Array(outputs.length);
          add(
            totals,
            batchLoss(loss, model.form, picker.batch(outputs), learningRate / taken.rows, gradient),
          );
          return gradient;
        },
        random,
        terms,
      );
      steps++;
      hooks.progress((epoch + start / rows.count) / epochs, `epoch ${epoch + 1} of ${epochs}`);
    }
    metrics = means(totals, rows);
    if (!Number.isFinite(metrics.loss)) {
      throw new ComityError(
        "UPDATE_NOT_FINITE",
        `The loss is no finite number after epoch ${epoch + 1} of ${epochs}.`,
        {
          hint: "Train with a lower learning rate, and check that the features are scaled.",
        },
      );
    }
  }
  return { metrics, steps };
}

/** The model's loss and accuracy on the rows, `batch` at a time. */
export function evaluate(
  model: Model,
  rows: Rows,
  options: { loss: LossName; batch: number },
  hooks: LoopHooks,
): Metrics {
  checkFit(model, rows, options.loss);
  const order = Uint32Array.from({ length: rows.count }, (_, row) => row);
  const picker = new Picker(model, rows, Math.min(options.batch, rows.count));
  const totals = { loss: 0, correct: 0 };
  for (let start = 0; start < rows.count; start += options.batch) {
    hooks.checkCancelled();
    const taken = picker.take(order.subarray(start, start + options.batch));
    const outputs = model.predict(taken.features, taken.rows);
    add(totals, batchLoss(options.loss, model.form, picker.batch(outputs)));
    hooks.progress(start / rows.count, "evaluating");
  }
  return means(totals, rows);
}

/** Copies the rows of a batch together, into the same memory each time. */
class Picker {
  readonly #rows: Rows;
  readonly #outputs: number;
  readonly #features: Float32Array;
  readonly #targets: Float32Array;
  #count = 0;

  constructor(model: Model, rows: Rows, batch: number) {
    this.#rows = rows;
    this.#outputs = model.outputs;
    this.#features = new Float32Array(batch * rows.width);
    this.#targets = new Float32Array(batch);
  }

  take(order: Uint32Array): { features: Float32Array; rows: number } {
    const { features, targets, width } = this.#rows;
    this.#count = order.length;
    for (const [place, row] of order.entries()) {
      this.#features.set(features.subarray(row * width, (row + 1) * width), place * width);
      this.#targets[place] = targets[row] ?? Number.NaN;
    }
    return { features: this.#features.subarray(0, order.length * width), rows: order.length };
  }

  batch(outputs: Float32Array) {
    return {
      rows: this.#count,
      width: this.#outputs,
      classes: this.#rows.classes,
      outputs,
      targets: this.#targets,
    };
  }
}

function add(
  totals: { loss: number; correct: number },
  { loss, correct }: { loss: number; correct: number },
): void {
  totals.loss += loss;
  totals.correct += correct;
}

function means({ loss, correct }: { loss: number; correct: number }, { count, classes }: Rows): Metrics {
  return classes === undefined ? { loss: loss / count } : { loss: loss / count, accuracy: correct / count };
}

/** Throws `DATA_INVALID` when the rows do not fit into the model, or its outputs not to the target. */
function checkFit(model: Model, rows: Rows, loss: LossName): void {
  const misfit = (sentence: string) => {
    throw new ComityError("DATA_INVALID", sentence, {
      hint: "Compare the plan's model with the columns in agent.yaml.",
    });
  };
  if (rows.count === 0) misfit("The dataset has no rows here.");
  if (rows.width !== model.inputs) {
    misfit(
      `The model takes ${model.inputs} values for each row ([${model.inputShape.join(",")}]); the dataset has ${rows.width}.`,
    );
  }
  const { classes } = rows;
  const { outputs } = model;
  if (classes === undefined) {
    if (loss === "categoricalCrossentropy")
      misfit("The loss categoricalCrossentropy needs a target of type category; this one is a number.");
    if (outputs !== 1) misfit(`The model gives ${outputs} outputs; a target that is a number needs 1.`);
  } else if (outputs !== classes && (outputs !== 1 || classes !== 2 || loss === "categoricalCrossentropy")) {
    misfit(`The model gives ${outputs} outputs; the dataset's target has ${classes} classes.`);
  }
}
