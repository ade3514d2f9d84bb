import { normaliseLayers } from "#aggregation/topology/describe.js";
import type { Layer, Layers } from "#aggregation/topology/layers.js";
import type { LossName, OutputForm } from "./losses.js";

/** What TensorFlow.js builds of a plan's layers. */
export interface Net {
  readonly layers: readonly Layer[];
  /** What the last layer gives. */
  readonly form: OutputForm;
  /** The share of values to drop, by the place of each Dropout layer. */
  readonly dropout: ReadonlyMap<number, number>;
}

/** The activation that each loss can be computed without, which is both faster and safe from logarithms of 0. */
const takenOver: Partial<Record<LossName, { readonly activation: string; readonly form: OutputForm }>> = {
  categoricalCrossentropy: { activation: "softmax", form: "softmaxLogits" },
  binaryCrossentropy: { activation: "sigmoid", form: "sigmoidLogits" },
};

/**
 * The layers, checked and in full, without the last softmax before a categorical cross-entropy or the last sigmoid before a
 * binary one, and with weights that start at 0: the base model's are loaded anyway. Throws `MODEL_INVALID`.
 */
export function netOf(given: Layers, loss: LossName): Net {
  const { layers, form } = withoutHead(normaliseLayers(given), loss);
  const rates = layers.map(({ class_name, config }) =>
    class_name === "Dropout" ? Number(config["rate"]) : 0,
  );
  return {
    layers: layers.map(startingAtZero),
    form,
    dropout: new Map([...rates.entries()].filter(([, rate]) => rate > 0)),
  };
}

function withoutHead(layers: readonly Layer[], loss: LossName): Pick<Net, "layers" | "form"> {
  const last = layers.at(-1);
  const head = takenOver[loss];
  if (last === undefined || head === undefined || last.config["activation"] !== head.activation)
    return { layers, form: "values" };
  const before = layers.slice(0, -1);
  if (last.class_name === "Activation") return { layers: before, form: head.form };
  return {
    layers: [...before, { ...last, config: { ...last.config, activation: "linear" } }],
    form: head.form,
  };
}

function startingAtZero({ class_name, config }: Layer): Layer {
  if (class_name !== "Dense" && class_name !== "Conv2D") return { class_name, config };
  const zeros = { class_name: "Zeros", config: {} };
  return { class_name, config: { ...config, kernel_initializer: zeros, bias_initializer: zeros } };
}
