import { AggregationError } from "../errors.js";
import { normaliseLayers } from "./describe.js";
import type { Layer } from "./layers.js";

/** A model by name. */
export interface NamedModel {
  readonly name: "mlp" | "logistic" | "cnn";
  /** The shape of one row: `[784]`, or `[28, 28, 1]` for `cnn`. */
  readonly input: readonly number[];
  /** The classes to tell apart; with 1 the last layer is a sigmoid, for two classes in one number. */
  readonly classes: number;
  /** Units of the hidden layers of `mlp`; one of 64 without it. */
  readonly hidden?: readonly number[] | undefined;
}

/**
 * The layers of a named model, normalised: `mlp` (dense layers with ReLU), `logistic` (one dense layer), `cnn` (two convolutions of
 * 3 x 3 with 8 and 16 filters, each with a pooling of 2 x 2, then a dense layer). Throws `MODEL_INVALID`.
 */
export function namedModel({ name, input, classes, hidden }: NamedModel): Layer[] {
  if (hidden !== undefined && name !== "mlp") {
    throw new AggregationError(
      "MODEL_INVALID",
      `The model ${name} has no hidden layers to size: \`hidden\` belongs to mlp.`,
    );
  }
  const last = dense(classes, classes === 1 ? "sigmoid" : "softmax");
  const flat = input.length > 1 ? [layer("Flatten")] : [];
  const rows = layer("InputLayer", { batch_input_shape: [null, ...input] });
  switch (name) {
    case "mlp":
      return normaliseLayers([rows, ...flat, ...(hidden ?? [64]).map((units) => dense(units, "relu")), last]);
    case "logistic":
      return normaliseLayers([rows, ...flat, last]);
    case "cnn":
      if (input.length !== 3) {
        throw new AggregationError(
          "MODEL_INVALID",
          `The model cnn needs an input of height, width and channels, for example [28,28,1], not [${input.join(",")}].`,
        );
      }
      return normaliseLayers([rows, ...convolution(8), ...convolution(16), layer("Flatten"), last]);
  }
}

const layer = (className: string, config: Record<string, unknown> = {}): Layer => ({
  class_name: className,
  config,
});
const dense = (units: number, activation: string): Layer => layer("Dense", { units, activation });
const convolution = (filters: number): Layer[] => [
  layer("Conv2D", { filters, kernel_size: [3, 3], activation: "relu" }),
  layer("MaxPooling2D", { pool_size: [2, 2] }),
];
