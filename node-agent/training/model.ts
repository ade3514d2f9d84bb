import type { Tensor as TfTensor, Variable } from "@tensorflow/tfjs-core";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import { AggregationError } from "#aggregation/errors.js";
import type { Random } from "#aggregation/random/random.js";
import type { Tensor } from "#aggregation/tensors/safetensors.js";
import { checkSchema } from "#aggregation/tensors/schema.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import type { Layers } from "#aggregation/topology/layers.js";
import type { GradientTerms } from "./gradient-terms.js";
import { type Net, netOf } from "./layers.js";
import type { LossName, OutputForm } from "./losses.js";
import { tf, tfl } from "./tensorflow.js";

/** Gives the gradient of the loss by the outputs, both `rows` x `outputs`. */
type OutputGradient = (outputs: Float32Array) => Float32Array;

/** A net on the current back end. All tensors are its own; free them with `dispose`. */
export class Model {
  /** The shape of one row. */
  readonly inputShape: readonly number[];
  /** Values of one row: the product of the shape. */
  readonly inputs: number;
  /** Outputs for each row. */
  readonly outputs: number;
  /** What the outputs are. */
  readonly form: OutputForm;
  readonly #model: LayersModel;
  readonly #dropout: Net["dropout"];
  readonly #weights: readonly { readonly name: string; readonly variable: Variable }[];

  private constructor(model: LayersModel, { form, dropout }: Net) {
    this.#model = model;
    this.form = form;
    this.#dropout = dropout;
    this.inputShape = sizes(model.inputs);
    this.inputs = this.inputShape.reduce((product, size) => product * size, 1);
    const outputShape = sizes(model.outputs);
    const [outputs] = outputShape;
    if (outputs === undefined || outputShape.length !== 1) {
      throw new AggregationError(
        "MODEL_INVALID",
        `The model gives ${describe(outputShape)} for each row; a list of numbers is needed.`,
      );
    }
    this.outputs = outputs;
    this.#weights = model.layers.flatMap((layer) =>
      layer.weights.map((weight) => {
        const variable = weight.read();
        if (!(variable instanceof tf.Variable)) throw new Error(`${weight.originalName} is no variable`);
        return { name: weight.originalName, variable };
      }),
    );
  }

  /**
   * Builds a net from its layers, all weights 0. Where the loss can be computed from logits, the last softmax or sigmoid
   * is left out: see {@link OutputForm}. Throws `MODEL_INVALID`.
   */
  static async build(layers: Layers, loss: LossName): Promise<Model> {
    const net = netOf(layers, loss);
    const modelTopology = { class_name: "Sequential", config: { name: "model", layers: net.layers } };
    return new Model(await tfl.loadLayersModel(tf.io.fromMemory({ modelTopology })), net);
  }

  /** Names and shapes of the weights, in the model's order. */
  get specs(): TensorSpec[] {
    return this.#weights.map(({ name, variable }) => ({ name, dtype: "F32", shape: variable.shape }));
  }

  /** Takes these weights. Throws `UPDATE_SCHEMA_WRONG` when they are not those of the model. */
  load(tensors: readonly Tensor[]): void {
    checkSchema(tensors, this.specs);
    tf.tidy(() => {
      for (const [place, { variable }] of this.#weights.entries()) {
        const tensor = tensors[place];
        if (tensor !== undefined) variable.assign(tf.tensor(tensor.values, variable.shape, "float32"));
      }
    });
  }

  /** A copy of the weights. */
  tensors(): Tensor[] {
    return this.#weights.map(({ name, variable }) => ({
      name,
      dtype: "F32",
      shape: variable.shape,
      values: Float32Array.from(variable.dataSync<"float32">()),
    }));
  }

  /** The outputs for `rows` rows. */
  predict(features: Float32Array, rows: number): Float32Array {
    return tf.tidy(() => this.#forward(this.#input(features, rows)).dataSync<"float32">());
  }

  /**
   * One step of gradient descent: takes the gradients of all weights, with the terms of a local algorithm, away from them. `random` says
   * what is dropped out.
   */
  descend(
    features: Float32Array,
    rows: number,
    gradient: OutputGradient,
    random: Random,
    terms?: GradientTerms,
  ): void {
    tf.tidy(() => {
      const gradients = this.#differentiate(features, rows, gradient, random);
      for (const [place, { variable }] of this.#weights.entries()) {
        const by = gradients[variable.name];
        if (by !== undefined) variable.assign(tf.sub(variable, terms?.add(place, variable, by) ?? by));
      }
    });
  }

  /** The gradients by the weights, in the model's order, for the self-check. */
  gradients(features: Float32Array, rows: number, gradient: OutputGradient, random: Random): Float32Array[] {
    return tf.tidy(() => {
      const gradients = this.#differentiate(features, rows, gradient, random);
      return this.#weights.map(({ variable }) =>
        Float32Array.from(gradients[variable.name]?.dataSync<"float32">() ?? []),
      );
    });
  }

  dispose(): void {
    this.#model.dispose();
  }

  #input(features: Float32Array, rows: number): TfTensor {
    return tf.tensor(features, [rows, ...this.inputShape], "float32");
  }

  /**
   * The layers one after the other: a Sequential needs none of the machinery of `LayersModel.apply`, which costs 0.4 ms a step.
   * With `random` it is the pass of a training step, which drops values out; TensorFlow.js would draw them from `Math.random`.
   */
  #forward(input: TfTensor, random?: Random): TfTensor {
    return this.#model.layers.reduce((x, layer, place) => {
      const rate = this.#dropout.get(place);
      if (rate !== undefined) return random === undefined ? x : dropOut(x, rate, random);
      const y = layer.call(x, { training: random !== undefined });
      const [only] = Array.isArray(y) ? y : [y];
      if (only === undefined) throw new Error(`The layer ${layer.name} gave nothing.`);
      return only;
    }, input);
  }

  /** Back-propagates the gradient that the caller gives for the outputs; the "loss" on the tape is only its place holder. */
  #differentiate(
    features: Float32Array,
    rows: number,
    gradient: OutputGradient,
    random: Random,
  ): Record<string, TfTensor> {
    const head = tf.customGrad((outputs) => {
      if (!(outputs instanceof tf.Tensor)) throw new Error("The outputs are no tensor.");
      const by = gradient(outputs.dataSync<"float32">());
      return { value: tf.scalar(0), gradFunc: () => tf.tensor(by, outputs.shape, "float32") };
    });
    const input = this.#input(features, rows);
    const variables = this.#weights.map(({ variable }) => variable);
    return tf.variableGrads(() => head(this.#forward(input, random)), variables).grads;
  }
}

/** Sets a share of the values to 0 and makes the others larger, so that the sum stays (Srivastava et al. 2014). */
function dropOut(x: TfTensor, rate: number, random: Random): TfTensor {
  const kept = 1 / (1 - rate);
  const mask = Float32Array.from({ length: x.size }, () => (random.uniform() < rate ? 0 : kept));
  return tf.mul(x, tf.tensor(mask, x.shape, "float32"));
}

/** The sizes of a net's only input or output, without that of the batch. */
function sizes(symbols: readonly SymbolicTensor[]): number[] {
  return (symbols[0]?.shape ?? []).slice(1).map((size) => {
    if (size === null)
      throw new AggregationError(
        "MODEL_INVALID",
        "Every size of the model's input and output must be known.",
      );
    return size;
  });
}

const describe = (shape: readonly number[]): string => `[${shape.join(",")}]`;
