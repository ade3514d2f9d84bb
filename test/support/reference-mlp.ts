import { seeded } from "#aggregation/random/random.js";

/** Rows for {@link descend}: features row by row, and the class of each. */
export interface PlainRows {
  readonly features: readonly (readonly number[])[];
  readonly classes: readonly number[];
}

/** Weights of a net with one hidden layer, in the order of its blob: kernel, bias, kernel, bias; kernels row by row. */
export type Weights = readonly (readonly number[])[];

/** How {@link descend} descends. */
export interface Descent {
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Words and numbers that seed the shuffles. */
  readonly seed: readonly (string | number)[];
  /** The proximal term's mu. */
  readonly prox?: number;
  /** The server's control variates, and the site's own. */
  readonly control?: { readonly server: Weights; readonly own: Weights };
}

/**
 * Stochastic gradient descent of a net with a hidden layer of rectifiers and a softmax, in plain float64, written for this test and for
 * nothing else: FedProx and SCAFFOLD term by term as their papers have them. Returns the weights, and how many steps they took.
 */
export function descend(
  start: Weights,
  rows: PlainRows,
  options: Descent,
): { weights: Weights; steps: number } {
  const { epochs, batch, learningRate, seed, prox = 0, control } = options;
  const random = seeded(...seed);
  const order = Uint32Array.from(rows.classes.keys());
  let weights = start;
  let steps = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    for (let first = 0; first < order.length; first += batch) {
      const taken = [...order.subarray(first, first + batch)];
      const gradients = meanGradient(weights, rows, taken);
      weights = weights.map((values, place) =>
        values.map((w, at) => {
          const g = gradients[place]?.[at] ?? Number.NaN;
          const pull = prox * (w - (start[place]?.[at] ?? Number.NaN));
          const drift =
            control === undefined ? 0 : at2(control.server, place, at) - at2(control.own, place, at);
          return w - learningRate * (g + pull + drift);
        }),
      );
      steps++;
    }
  }
  return { weights, steps };
}

const at2 = (weights: Weights, place: number, at: number): number => weights[place]?.[at] ?? Number.NaN;

function meanGradient(weights: Weights, rows: PlainRows, taken: readonly number[]): number[][] {
  const sums = weights.map((values) => values.map(() => 0));
  const [hiddenKernel = [], hiddenBias = [], outKernel = [], outBias = []] = weights;
  for (const row of taken) {
    const x = rows.features[row] ?? [];
    const [units, classes] = [hiddenBias.length, outBias.length];
    const hidden = hiddenBias.map((bias, unit) =>
      Math.max(
        0,
        x.reduce((sum, value, i) => sum + value * (hiddenKernel[i * units + unit] ?? 0), bias),
      ),
    );
    const logits = outBias.map((bias, k) =>
      hidden.reduce((sum, value, unit) => sum + value * (outKernel[unit * classes + k] ?? 0), bias),
    );
    const highest = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - highest));
    const total = powers.reduce((a, b) => a + b, 0);
    const byLogit = powers.map((power, k) => power / total - (k === rows.classes[row] ? 1 : 0));
    const byHidden = hidden.map((value, unit) =>
      value > 0 ? byLogit.reduce((sum, by, k) => sum + by * (outKernel[unit * classes + k] ?? 0), 0) : 0,
    );
    const add = (place: number, at: number, by: number): void => {
      const into = sums[place];
      if (into !== undefined) into[at] = (into[at] ?? 0) + by / taken.length;
    };
    for (const [unit, by] of byHidden.entries()) {
      add(1, unit, by);
      for (const [i, value] of x.entries()) add(0, i * units + unit, by * value);
    }
    for (const [k, by] of byLogit.entries()) {
      add(3, k, by);
      for (const [unit, value] of hidden.entries()) add(2, unit * classes + k, by * value);
    }
  }
  return sums;
}
