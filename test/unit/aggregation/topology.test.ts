import assert from "node:assert/strict";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import { decodeTensors } from "#aggregation/tensors/safetensors.js";
import { describeLayers, normaliseLayers } from "#aggregation/topology/describe.js";
import { initialModelPieces } from "#aggregation/topology/initial-model.js";
import type { Layer, Layers } from "#aggregation/topology/layers.js";
import { type NamedModel, namedModel } from "#aggregation/topology/named-models.js";
import { initialModel } from "../../support/initial-model.js";

const layer = (className: string, config: Record<string, unknown> = {}): Layer => ({
  class_name: className,
  config,
});
const first = (className: string, shape: readonly number[], config: Record<string, unknown> = {}) =>
  layer(className, { batch_input_shape: [null, ...shape], ...config });
const dense = (units: number, config: Record<string, unknown> = {}) => layer("Dense", { units, ...config });

const models: Record<string, Layers> = {
  mlp: namedModel({ name: "mlp", input: [784], classes: 10, hidden: [200, 200] }),
  logistic: namedModel({ name: "logistic", input: [4, 5], classes: 3 }),
  binary: namedModel({ name: "logistic", input: [13], classes: 1 }),
  cnn: namedModel({ name: "cnn", input: [28, 28, 1], classes: 10 }),
  every: [
    layer("InputLayer", { batch_input_shape: [null, 108], name: "rows", sparse: false, dtype: "float32" }),
    layer("Reshape", { target_shape: [6, -1, 2] }),
    layer("Conv2D", {
      filters: 3,
      kernel_size: [2, 3],
      strides: 2,
      padding: "same",
      use_bias: false,
      activation: "tanh",
    }),
    layer("AveragePooling2D", { pool_size: 2, strides: 1, padding: "same" }),
    layer("Conv2D", { filters: 2, kernel_size: 2, name: "second" }),
    layer("MaxPooling2D", { pool_size: [1, 2] }),
    layer("Activation", { activation: "relu" }),
    dense(5, { name: "dense_1" }),
    layer("Flatten"),
    layer("Dropout", { rate: 0.25, seed: null, noise_shape: null }),
    dense(4, { activation: "sigmoid" }),
    dense(2, { use_bias: false, trainable: true }),
    layer("Activation", { activation: "softmax" }),
  ],
};

describe("layers to tensors", () => {
  for (const [name, layers] of Object.entries(models)) {
    it(`has the weights of TensorFlow.js, in its order: ${name}`, async () => {
      const { tensors, inputShape, outputShape } = describeLayers(layers);
      const config = { name, layers: normaliseLayers(layers) };
      const model = await loadLayersModel({
        load: () => Promise.resolve({ modelTopology: { class_name: "Sequential", config } }),
      });
      try {
        const weights = model.weights.map((weight) => ({
          name: weight.originalName,
          dtype: "F32",
          shape: weight.shape,
        }));
        assert.deepEqual(tensors, weights);
        assert.deepEqual(model.inputs[0]?.shape, [null, ...inputShape]);
        assert.deepEqual(model.outputs[0]?.shape, [null, ...outputShape]);
      } finally {
        model.dispose();
      }
    });

    it(`normalises once and for all: ${name}`, () => {
      const normal = normaliseLayers(layers);
      assert.deepEqual(normaliseLayers(normal), normal);
      assert.deepEqual(describeLayers(normal), describeLayers(layers));
      assert.deepEqual(JSON.parse(JSON.stringify(normal)), normal);
      assert.deepEqual(
        normal.map(({ config }) => "batch_input_shape" in config),
        normal.map((_, place) => place === 0),
      );
    });
  }

  it("makes up names that are free, in order", () => {
    const layers = [
      first("Dense", [2], { units: 2 }),
      dense(2, { name: "dense_2" }),
      dense(2),
      layer("Flatten"),
    ];
    assert.deepEqual(
      normaliseLayers(layers).map(({ config }) => config["name"]),
      ["dense_1", "dense_2", "dense_3", "flatten_1"],
    );
  });

  it("reads what Keras exports", () => {
    const exported = first("Dense", [3], {
      name: "d",
      trainable: true,
      dtype: "float32",
      units: 2,
      activation: "softmax",
      use_bias: true,
      kernel_initializer: { class_name: "GlorotUniform", config: { seed: null } },
      bias_initializer: { class_name: "Zeros", config: {} },
      kernel_regularizer: null,
      bias_regularizer: null,
      activity_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
    });
    const config = {
      name: "d",
      batch_input_shape: [null, 3],
      units: 2,
      activation: "softmax",
      use_bias: true,
    };
    assert.deepEqual(normaliseLayers([exported]), [{ class_name: "Dense", config }]);
  });

  it("accepts the shape on the layer after an InputLayer when both agree", () => {
    const input = first("InputLayer", [3]);
    assert.deepEqual(describeLayers([input, first("Dense", [3], { units: 1 })]).inputShape, [3]);
    assert.throws(
      () => describeLayers([input, first("Dense", [4], { units: 1 })]),
      /gives rows of \[4\], but the layer before gives \[3\]/,
    );
  });

  const rows = first("InputLayer", [3]);
  const picture = first("InputLayer", [4, 4, 1]);
  const bad: [string, Layers, number | undefined, RegExp][] = [
    ["no layers", [], undefined, /no weights/],
    ["no weights", [first("Flatten", [3])], undefined, /no weights/],
    ["no input shape", [dense(3)], 0, /first layer must have batch_input_shape/],
    [
      "a fixed batch",
      [layer("Dense", { units: 1, batch_input_shape: [32, 3] })],
      0,
      /batch_input_shape must be a list of null/,
    ],
    [
      "an open dimension",
      [layer("Dense", { units: 1, batch_input_shape: [null, null] })],
      0,
      /batch_input_shape must be/,
    ],
    [
      "an empty row",
      [layer("Dense", { units: 1, batch_input_shape: [null] })],
      0,
      /batch_input_shape must be/,
    ],
    [
      "a shape of text",
      [layer("Dense", { units: 1, batch_input_shape: "784" })],
      0,
      /batch_input_shape must be/,
    ],
    [
      "an unknown class",
      [rows, layer("LSTM", { units: 3 })],
      1,
      /layers\[1\] \(LSTM\): unknown class_name; allowed are InputLayer, Dense, /,
    ],
    ["a class from the prototype", [rows, layer("constructor")], 1, /unknown class_name/],
    ["a hostile class", [rows, layer("\u001b[31m")], 1, /layers\[1\] \("\\u001b\[31m"\): unknown/],
    [
      "an unknown key",
      [rows, dense(3, { useBias: true })],
      1,
      /unknown key "useBias"; allowed are .*use_bias/,
    ],
    [
      "an unknown activation",
      [rows, dense(3, { activation: "gelu" })],
      1,
      /activation must be one of linear, relu, .*, not \\?"gelu/,
    ],
    ["an activation that is no text", [rows, dense(3, { activation: 7 })], 1, /activation must be one of/],
    ["no activation", [rows, dense(1), layer("Activation")], 2, /activation is missing/],
    ["no units", [rows, layer("Dense")], 1, /units is missing; it must be a whole number from 1/],
    ["units 0", [rows, dense(0)], 1, /units must be a whole number from 1, not 0/],
    ["half a unit", [rows, dense(1.5)], 1, /units must be/],
    ["units as text", [rows, layer("Dense", { units: "3" })], 1, /units must be/],
    ["use_bias as text", [rows, dense(3, { use_bias: "no" })], 1, /use_bias must be true or false/],
    [
      "another initializer",
      [rows, dense(3, { kernel_initializer: "he_normal" })],
      1,
      /kernel_initializer must be glorot_uniform/,
    ],
    [
      "a regularizer",
      [rows, dense(3, { kernel_regularizer: { class_name: "L2", config: {} } })],
      1,
      /kernel_regularizer must be null/,
    ],
    ["a frozen layer", [rows, dense(3, { trainable: false })], 1, /trainable must be true/],
    ["another dtype", [rows, dense(3, { dtype: "float16" })], 1, /dtype must be "float32"/],
    ["a second InputLayer", [rows, rows, dense(3)], 1, /only the first layer/],
    [
      "two equal names",
      [rows, dense(3, { name: "a" }), dense(3, { name: "a" })],
      2,
      /two layers are named "a"/,
    ],
    ["a name with a slash", [rows, dense(3, { name: "a/b" })], 1, /name must be 1 to 64 letters/],
    [
      "a convolution of rows",
      [rows, layer("Conv2D", { filters: 1, kernel_size: 2 })],
      1,
      /height, width and channels.*gets \[3\]/,
    ],
    [
      "a window too large",
      [picture, layer("Conv2D", { filters: 1, kernel_size: 5 })],
      1,
      /window of 5 x 5 is larger/,
    ],
    ["a pool too large", [picture, layer("MaxPooling2D", { pool_size: 8 })], 1, /window of 8 x 8 is larger/],
    [
      "three strides",
      [picture, layer("Conv2D", { filters: 1, kernel_size: 2, strides: [1, 1, 1] })],
      1,
      /strides must be/,
    ],
    [
      "another padding",
      [picture, layer("Conv2D", { filters: 1, kernel_size: 2, padding: "causal" })],
      1,
      /padding must be one of valid, same/,
    ],
    [
      "channels first",
      [picture, layer("Conv2D", { filters: 1, kernel_size: 2, data_format: "channels_first" })],
      1,
      /data_format must be "channels_last"/,
    ],
    [
      "dilation",
      [picture, layer("Conv2D", { filters: 1, kernel_size: 2, dilation_rate: 2 })],
      1,
      /dilation_rate must be/,
    ],
    [
      "a reshape that does not fit",
      [rows, layer("Reshape", { target_shape: [2, -1] })],
      1,
      /target_shape \[2,-1\] does not fit the 3 values/,
    ],
    [
      "a reshape with two open sizes",
      [rows, layer("Reshape", { target_shape: [-1, -1] })],
      1,
      /does not fit/,
    ],
    [
      "dropping everything",
      [rows, layer("Dropout", { rate: 1 })],
      1,
      /rate must be a number from 0 to below 1/,
    ],
    ["too many outputs", [rows, dense(2 ** 27)], 1, /gives 134217728 values/],
    [
      "too many weights",
      [first("InputLayer", [2 ** 16]), dense(2 ** 14)],
      undefined,
      /4295032832 bytes; at most 10000 and 2147483648/,
    ],
    ["rows too large", [first("InputLayer", [2 ** 14, 2 ** 14]), dense(1)], 0, /one row has at most/],
  ];
  for (const [what, layers, index, pattern] of bad) {
    it(`refuses ${what}`, () => {
      for (const action of [
        () => describeLayers(layers),
        () => normaliseLayers(layers),
        () => initialModel(layers, 1),
      ]) {
        assert.throws(action, (error) => {
          assert.ok(error instanceof AggregationError, String(error));
          assert.deepEqual([error.code, error.index], ["MODEL_INVALID", index]);
          assert.match(error.message, pattern);
          return true;
        });
      }
    });
  }
});

describe("named models", () => {
  it("are what their names say", () => {
    const kinds = (model: NamedModel) => namedModel(model).map(({ class_name }) => class_name);
    assert.deepEqual(kinds({ name: "mlp", input: [784], classes: 10 }), ["Dense", "Dense"]);
    assert.deepEqual(kinds({ name: "logistic", input: [28, 28], classes: 10 }), ["Flatten", "Dense"]);
    assert.equal(
      kinds({ name: "cnn", input: [28, 28, 1], classes: 10 }).join(),
      "Conv2D,MaxPooling2D,Conv2D,MaxPooling2D,Flatten,Dense",
    );
    const shapes = describeLayers(namedModel({ name: "mlp", input: [784], classes: 10 })).tensors.map(
      ({ name, shape }) => [name, shape],
    );
    assert.deepEqual(shapes, [
      ["dense_1/kernel", [784, 64]],
      ["dense_1/bias", [64]],
      ["dense_2/kernel", [64, 10]],
      ["dense_2/bias", [10]],
    ]);
    assert.equal(
      namedModel({ name: "logistic", input: [3], classes: 1 }).at(-1)?.config["activation"],
      "sigmoid",
    );
    assert.equal(
      namedModel({ name: "logistic", input: [3], classes: 2 }).at(-1)?.config["activation"],
      "softmax",
    );
    assert.deepEqual(kinds({ name: "mlp", input: [4], classes: 2, hidden: [] }), ["Dense"]);
  });

  it("refuse what does not fit them", () => {
    const refused = (model: NamedModel, pattern: RegExp) =>
      assert.throws(
        () => namedModel(model),
        (error) =>
          error instanceof AggregationError && error.code === "MODEL_INVALID" && pattern.test(error.message),
      );
    refused({ name: "cnn", input: [784], classes: 10 }, /height, width and channels/);
    refused(
      { name: "cnn", input: [4, 4, 1], classes: 10 },
      /window of 3 x 3 is larger than its input of 1 x 1/,
    );
    refused({ name: "logistic", input: [3], classes: 2, hidden: [5] }, /belongs to mlp/);
    refused({ name: "mlp", input: [], classes: 2 }, /batch_input_shape/);
    refused({ name: "mlp", input: [3], classes: 0 }, /units/);
  });
});

describe("initialModel", () => {
  const layers = models["cnn"] ?? [];

  it("is Glorot's uniform distribution with zero biases", () => {
    for (const { name, shape, values } of decodeTensors(initialModel(layers, 1))) {
      if (name.endsWith("/bias")) {
        assert.ok(values.every((value) => value === 0));
        continue;
      }
      const [fanIn, fanOut] = shape
        .slice(-2)
        .map((size) => size * shape.slice(0, -2).reduce((a, b) => a * b, 1));
      const limit = Math.sqrt(6 / ((fanIn ?? 0) + (fanOut ?? 0)));
      const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      assert.ok(values.every((value) => Math.abs(value) <= limit));
      assert.ok(square > (limit ** 2 / 3) * 0.7 && square < (limit ** 2 / 3) * 1.3, `${name}: ${square}`);
    }
  });

  it("has the described tensors, and depends on the seed and the names alone", () => {
    const blob = initialModel(layers, 1);
    assert.deepEqual(
      decodeTensors(blob).map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      describeLayers(layers).tensors,
    );
    assert.deepEqual(initialModel(normaliseLayers(layers), 1), blob);
    assert.notDeepEqual(initialModel(layers, 2), blob);
    const [one] = decodeTensors(initialModel([rowsOf(5), dense(3, { name: "a" })], 1));
    const [, , two] = decodeTensors(
      initialModel([rowsOf(2), dense(5, { name: "b" }), dense(3, { name: "a" })], 1),
    );
    assert.deepEqual(one, two);
  });

  it("comes in small pieces, whatever its size", () => {
    const large = [rowsOf(1000), dense(1000, { name: "a" })];
    const pieces = Array.from(initialModelPieces(large, 1), (piece) => Buffer.from(piece));
    assert.ok(pieces.every((piece) => piece.length <= 256 * 1024));
    assert.deepEqual(
      decodeTensors(Buffer.concat(pieces)).map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      describeLayers(large).tensors,
    );
  });
});

const rowsOf = (size: number) => first("InputLayer", [size]);
