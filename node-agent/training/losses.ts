import type { LocalTraining } from "#proto/codec/work.js";

/** The names of the losses in a plan. */
export type LossName = LocalTraining["loss"];

/** What the outputs of a net are: probabilities, or the numbers that softmax or sigmoid would make probabilities of. */
export type OutputForm = "values" | "softmaxLogits" | "sigmoidLogits";

/** The loss over one batch. */
interface BatchLoss {
  /** The sum over the rows. */
  readonly loss: number;
  /** Rows whose class was found; 0 when the target is a number. */
  readonly correct: number;
}

/** One batch: what the net gave, and what it should have given. */
export interface Batch {
  readonly rows: number;
  /** Outputs for each row. */
  readonly width: number;
  /** `rows` x `width`. */
  readonly outputs: Float32Array;
  /** A class's index or a number for each row. */
  readonly targets: Float32Array;
  readonly classes: number | undefined;
}

/**
 * Loss and hits of a batch in float64, and the gradient by the outputs times `scale` into `gradient`, if it is given.
 * From logits the losses are computed without a logarithm of a probability, so they stay finite for sure answers.
 */
export function batchLoss(
  name: LossName,
  form: OutputForm,
  batch: Batch,
  scale = 1,
  gradient?: Float32Array,
): BatchLoss {
  const row = rowLosses[name](form);
  let loss = 0;
  let correct = 0;
  for (let index = 0; index < batch.rows; index++) {
    loss += row(batch, index, scale, gradient);
    if (batch.classes !== undefined && hit(batch, index, form)) correct++;
  }
  return { loss, correct };
}

/** The loss of one row; adds nothing to the gradient, it writes it. */
type RowLoss = (batch: Batch, row: number, scale: number, gradient?: Float32Array) => number;

/** Keras's bound for probabilities whose logarithm is taken. */
const epsilon = 1e-7;

const rowLosses: Record<LossName, (form: OutputForm) => RowLoss> = {
  categoricalCrossentropy: (form) => (form === "softmaxLogits" ? softmaxLoss : categoricalLoss),
  binaryCrossentropy: (form) => (form === "sigmoidLogits" ? sigmoidLoss : binaryLoss),
  meanSquaredError: () => squaredLoss,
};

/** What output `column` of a row should be: the number itself, or 1 for the row's class and 0 for the others. */
function wanted({ targets, classes, width }: Batch, row: number, column: number): number {
  const target = targets[row] ?? Number.NaN;
  if (classes === undefined || width === 1) return target;
  return column === target ? 1 : 0;
}

function softmaxLoss(batch: Batch, row: number, scale: number, gradient?: Float32Array): number {
  const { outputs, width } = batch;
  const start = row * width;
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = start; at < start + width; at++) highest = Math.max(highest, outputs[at] ?? 0);
  let sum = 0;
  for (let at = start; at < start + width; at++) sum += Math.exp((outputs[at] ?? 0) - highest);
  const target = batch.targets[row] ?? 0;
  if (gradient !== undefined) {
    for (let column = 0; column < width; column++) {
      const probability = Math.exp((outputs[start + column] ?? 0) - highest) / sum;
      gradient[start + column] = (probability - (column === target ? 1 : 0)) * scale;
    }
  }
  return Math.log(sum) + highest - (outputs[start + target] ?? Number.NaN);
}

/** For outputs that are probabilities already, or positive numbers that stand for them. */
function categoricalLoss(batch: Batch, row: number, scale: number, gradient?: Float32Array): number {
  const { outputs, width } = batch;
  const start = row * width;
  let sum = 0;
  for (let at = start; at < start + width; at++) sum += outputs[at] ?? 0;
  const target = batch.targets[row] ?? 0;
  const found = outputs[start + target] ?? Number.NaN;
  const share = found / sum;
  const inside = share > epsilon && share < 1 - epsilon;
  if (gradient !== undefined) {
    for (let column = 0; column < width; column++) {
      gradient[start + column] = inside ? (1 / sum - (column === target ? 1 / found : 0)) * scale : 0;
    }
  }
  return -Math.log(clipped(share));
}

function sigmoidLoss(batch: Batch, row: number, scale: number, gradient?: Float32Array): number {
  const { outputs, width } = batch;
  let loss = 0;
  for (let column = 0; column < width; column++) {
    const at = row * width + column;
    const logit = outputs[at] ?? Number.NaN;
    const target = wanted(batch, row, column);
    loss += Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)));
    if (gradient !== undefined) gradient[at] = ((1 / (1 + Math.exp(-logit)) - target) * scale) / width;
  }
  return loss / width;
}

function binaryLoss(batch: Batch, row: number, scale: number, gradient?: Float32Array): number {
  const { outputs, width } = batch;
  let loss = 0;
  for (let column = 0; column < width; column++) {
    const at = row * width + column;
    const output = outputs[at] ?? Number.NaN;
    const share = clipped(output);
    const target = wanted(batch, row, column);
    loss -= target * Math.log(share) + (1 - target) * Math.log(1 - share);
    if (gradient !== undefined)
      gradient[at] = share === output ? (((share - target) / (share * (1 - share))) * scale) / width : 0;
  }
  return loss / width;
}

function squaredLoss(batch: Batch, row: number, scale: number, gradient?: Float32Array): number {
  const { outputs, width } = batch;
  let loss = 0;
  for (let column = 0; column < width; column++) {
    const at = row * width + column;
    const error = (outputs[at] ?? Number.NaN) - wanted(batch, row, column);
    loss += error * error;
    if (gradient !== undefined) gradient[at] = (2 * error * scale) / width;
  }
  return loss / width;
}

function clipped(share: number): number {
  return Math.min(Math.max(share, epsilon), 1 - epsilon);
}

/** Whether the greatest output is that of the row's class; with one output, whether it is on the class's side. */
function hit({ outputs, targets, width }: Batch, row: number, form: OutputForm): boolean {
  const target = targets[row];
  if (width === 1) return ((outputs[row] ?? 0) > (form === "values" ? 0.5 : 0) ? 1 : 0) === target;
  let best = 0;
  for (let column = 1; column < width; column++) {
    if ((outputs[row * width + column] ?? 0) > (outputs[row * width + best] ?? 0)) best = column;
  }
  return best === target;
}
