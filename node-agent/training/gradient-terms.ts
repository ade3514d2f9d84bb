import type { Tensor as TfTensor } from "@tensorflow/tfjs-core";
import type { Tensor } from "#aggregation/tensors/safetensors.js";
import { tf } from "./tensorflow.js";

/** What a local algorithm adds to each gradient. */
export interface LocalTerms {
  /** mu of FedProx (Li et al. 2020, arXiv 1812.06127): the gradient of mu/2 |w - x|^2 is added, x being the weights at the beginning. */
  readonly prox?: number | undefined;
  /** c - c_i of SCAFFOLD (Karimireddy et al. 2020, arXiv 1910.06378), one array for each weight in the model's order. */
  readonly shift?: readonly Float32Array[] | undefined;
}

/** The terms as tensors of the current back end; free them with `dispose`. */
export class GradientTerms {
  readonly #pull: number;
  readonly #start: readonly TfTensor[];
  readonly #shift: readonly TfTensor[];

  /** Undefined when there is nothing to add: then not a single operation is done. `start`: the weights at the beginning. */
  static of(
    start: () => readonly Tensor[],
    { prox = 0, shift }: LocalTerms,
    learningRate: number,
  ): GradientTerms | undefined {
    if (prox === 0 && shift === undefined) return undefined;
    return new GradientTerms(start(), { prox, shift }, learningRate);
  }

  private constructor(start: readonly Tensor[], { prox = 0, shift }: LocalTerms, learningRate: number) {
    this.#pull = learningRate * prox;
    this.#start =
      prox === 0 ? [] : start.map(({ values, shape }) => tf.tensor(values, [...shape], "float32"));
    this.#shift = (shift ?? []).map((values, place) =>
      tf.tensor(
        values.map((value) => value * learningRate),
        [...(start[place]?.shape ?? [])],
        "float32",
      ),
    );
  }

  /** A weight's gradient, which is multiplied by the learning rate already, with the terms, which are too. Call it within `tf.tidy`. */
  add(place: number, weight: TfTensor, gradient: TfTensor): TfTensor {
    const [start, shift] = [this.#start[place], this.#shift[place]];
    const pulled =
      start === undefined ? gradient : tf.add(gradient, tf.mul(tf.sub(weight, start), this.#pull));
    return shift === undefined ? pulled : tf.add(pulled, shift);
  }

  dispose(): void {
    for (const tensor of [...this.#start, ...this.#shift]) tensor.dispose();
  }
}
