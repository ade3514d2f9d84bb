import type { Fields } from "./fields.js";
import { isSize } from "./fields.js";

/** What one layer does to the shape of a row, and the weights that it needs. */
export interface LayerReading {
  /** The layer's own keys in full, defaults written out. */
  readonly config: Record<string, unknown>;
  /** The shape of what it gives, without the batch. */
  readonly output: readonly number[];
  readonly kernel?: readonly number[];
  readonly bias?: readonly number[];
}

interface LayerKind {
  /** The beginning of a name that is made up. */
  readonly prefix: string;
  readonly keys: readonly string[];
  /** Reads the keys for an input of this shape (without the batch). */
  read(fields: Fields, input: readonly number[]): LayerReading;
}

const activations = ["linear", "relu", "sigmoid", "softmax", "tanh"] as const;

const weightKeys = [
  "activation",
  "use_bias",
  "kernel_initializer",
  "bias_initializer",
  "kernel_regularizer",
  "bias_regularizer",
  "activity_regularizer",
  "kernel_constraint",
  "bias_constraint",
];
const windowKeys = ["strides", "padding", "data_format"];
const paddings = ["valid", "same"] as const;

const pooling = (prefix: string): LayerKind => ({
  prefix,
  keys: ["pool_size", ...windowKeys],
  read(fields, input) {
    const [height, width, channels] = image(fields, input);
    const pool = fields.pair("pool_size", [2, 2]);
    const { strides, padding } = readWindow(fields, pool);
    return {
      config: { pool_size: pool, strides, padding },
      output: [...slide(fields, [height, width], pool, strides, padding), channels],
    };
  },
});

/** The kinds of layers that a model may have. An `InputLayer` only gives a shape and is read elsewhere. */
export const layerKinds: Readonly<Record<string, LayerKind>> = {
  Dense: {
    prefix: "dense",
    keys: ["units", ...weightKeys],
    read(fields, input) {
      const units = fields.size("units");
      const { activation, useBias } = readWeights(fields);
      return {
        config: { units, activation, use_bias: useBias },
        output: [...input.slice(0, -1), units],
        kernel: [input.at(-1) ?? fields.fail("needs an input of at least one dimension"), units],
        ...(useBias ? { bias: [units] } : {}),
      };
    },
  },
  Conv2D: {
    prefix: "conv2d",
    keys: ["filters", "kernel_size", ...windowKeys, "dilation_rate", "groups", ...weightKeys],
    read(fields, input) {
      const [height, width, channels] = image(fields, input);
      const filters = fields.size("filters");
      const size = fields.pair("kernel_size");
      fields.fixed("dilation_rate", 1, [1, 1]);
      fields.fixed("groups", 1);
      const { strides, padding } = readWindow(fields, [1, 1]);
      const { activation, useBias } = readWeights(fields);
      return {
        config: { filters, kernel_size: size, strides, padding, activation, use_bias: useBias },
        output: [...slide(fields, [height, width], size, strides, padding), filters],
        kernel: [...size, channels, filters],
        ...(useBias ? { bias: [filters] } : {}),
      };
    },
  },
  MaxPooling2D: pooling("max_pooling2d"),
  AveragePooling2D: pooling("average_pooling2d"),
  Flatten: {
    prefix: "flatten",
    keys: ["data_format"],
    read(fields, input) {
      fields.fixed("data_format", "channels_last");
      return { config: {}, output: [product(input)] };
    },
  },
  Dropout: {
    prefix: "dropout",
    keys: ["rate", "noise_shape", "seed"],
    read(fields, input) {
      fields.fixed("noise_shape", null);
      fields.fixed("seed", null);
      return { config: { rate: fields.share("rate") }, output: input };
    },
  },
  Activation: {
    prefix: "activation",
    keys: ["activation"],
    read(fields, input) {
      if (!fields.has("activation"))
        fields.fail(`activation is missing; it must be one of ${activations.join(", ")}`);
      return { config: { activation: fields.choice("activation", activations, "linear") }, output: input };
    },
  },
  Reshape: {
    prefix: "reshape",
    keys: ["target_shape"],
    read(fields, input) {
      const allowed = "a list of whole numbers from 1, one of which may be -1";
      const target = fields.list(
        "target_shape",
        (item): item is number => isSize(item) || item === -1,
        allowed,
      );
      const open = target.filter((size) => size === -1).length;
      const given = product(target.filter((size) => size !== -1));
      const output = target.map((size) => (size === -1 ? product(input) / given : size));
      if (open > 1 || !output.every(isSize) || product(output) !== product(input)) {
        fields.fail(
          `target_shape [${target.join(",")}] does not fit the ${product(input)} values of its input`,
        );
      }
      return { config: { target_shape: output }, output };
    },
  },
};

function readWeights(fields: Fields): { activation: string; useBias: boolean } {
  // The initial weights come from the hub and the sites send them all back: what would change that is refused, not ignored.
  fields.fixedClass("kernel_initializer", ["glorot_uniform", "glorotUniform", "GlorotUniform"]);
  fields.fixedClass("bias_initializer", ["zeros", "Zeros"]);
  for (const key of weightKeys) if (/_(regularizer|constraint)$/.test(key)) fields.fixed(key, null);
  return {
    activation: fields.choice("activation", activations, "linear"),
    useBias: fields.boolean("use_bias", true),
  };
}

function readWindow(
  fields: Fields,
  defaultStrides: readonly [number, number],
): { strides: [number, number]; padding: "valid" | "same" } {
  fields.fixed("data_format", "channels_last");
  return {
    strides: fields.pair("strides", defaultStrides),
    padding: fields.choice("padding", paddings, "valid"),
  };
}

function image(fields: Fields, input: readonly number[]): [number, number, number] {
  const [height, width, channels, ...more] = input;
  if (height === undefined || width === undefined || channels === undefined || more.length > 0) {
    return fields.fail(
      `needs an input of height, width and channels, for example [28,28,1]; it gets [${input.join(",")}]`,
    );
  }
  return [height, width, channels];
}

/** How often a window fits along each axis. */
function slide(
  fields: Fields,
  input: readonly [number, number],
  window: readonly [number, number],
  strides: readonly [number, number],
  padding: "valid" | "same",
): number[] {
  return [0, 1].map((axis) => {
    const [length, size, stride] = [input[axis] ?? 0, window[axis] ?? 0, strides[axis] ?? 1];
    if (padding === "same") return Math.ceil(length / stride);
    if (size > length)
      fields.fail(`its window of ${window.join(" x ")} is larger than its input of ${input.join(" x ")}`);
    return Math.floor((length - size) / stride) + 1;
  });
}

/** The number of values of a shape. */
export function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1);
}
