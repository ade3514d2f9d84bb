import { AggregationError, quoted } from "../errors.js";
import { type TensorSpec, tensorLimits } from "../tensors/spec.js";
import { Fields, isSize } from "./fields.js";
import { type LayerReading, layerKinds, product } from "./kinds.js";
import { type Layer, type Layers, modelLimits } from "./layers.js";

/** The tensors of a model, and the shapes of one row (without the batch) that go in and come out. */
interface ModelDescription {
  /** In the order of the layers, and in each its kernel before its bias: the order of a model's blob. */
  readonly tensors: readonly TensorSpec[];
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

interface ReadLayer {
  readonly className: string;
  readonly name: string;
  readonly input: readonly number[];
  readonly reading: LayerReading;
}

/** Keys that every layer may have. */
const commonKeys = ["name", "trainable", "dtype", "batch_input_shape"];
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const nameRule = "1 to 64 letters, digits, `_`, `.` and `-`";

/** Checks a model and says what tensors it has. Throws `MODEL_INVALID` with the layer as `index`. */
export function describeLayers(layers: Layers): ModelDescription {
  return describe(readLayers(layers));
}

/**
 * The same model with a name for every layer, all defaults written out, and `batch_input_shape` on the first layer and nowhere else.
 * An `InputLayer` is dissolved into it. TensorFlow.js then gives the weights the names of {@link describeLayers}.
 * Throws `MODEL_INVALID` with the layer as `index`.
 */
export function normaliseLayers(layers: Layers): Layer[] {
  const read = readLayers(layers);
  describe(read);
  return read.map(({ className, name, input, reading }, place) => ({
    class_name: className,
    config: { name, ...(place === 0 ? { batch_input_shape: [null, ...input] } : {}), ...reading.config },
  }));
}

function describe(read: readonly ReadLayer[]): ModelDescription {
  const tensors = read.flatMap(({ name, reading: { kernel, bias } }): TensorSpec[] => [
    ...(kernel === undefined ? [] : [{ name: `${name}/kernel`, dtype: "F32" as const, shape: kernel }]),
    ...(bias === undefined ? [] : [{ name: `${name}/bias`, dtype: "F32" as const, shape: bias }]),
  ]);
  const bytes = tensors.reduce((sum, { shape }) => sum + product(shape) * 4, 0);
  if (tensors.length === 0)
    throw new AggregationError("MODEL_INVALID", "The model has no weights: there is nothing to train.");
  if (bytes > modelLimits.weightBytes || tensors.length > tensorLimits.tensors) {
    throw new AggregationError(
      "MODEL_INVALID",
      `The model has ${tensors.length} tensors of ${bytes} bytes; at most ${tensorLimits.tensors} and ${modelLimits.weightBytes} are allowed.`,
    );
  }
  return { tensors, inputShape: read[0]?.input ?? [], outputShape: read.at(-1)?.reading.output ?? [] };
}

function readLayers(layers: Layers): ReadLayer[] {
  const names = namesOf(layers);
  const read: ReadLayer[] = [];
  let shape: readonly number[] | undefined;
  for (const [index, { class_name: className, config }] of layers.entries()) {
    const fields = new Fields(index, className, config);
    fields.fixed("trainable", true);
    fields.fixed("dtype", "float32");
    if (className === "InputLayer") {
      if (index > 0) fields.fail("only the first layer may be an InputLayer");
      fields.only([...commonKeys, "sparse", "ragged"]);
      fields.fixed("sparse", false);
      fields.fixed("ragged", false);
      shape = inputShape(fields, undefined);
      continue;
    }
    const kind = kindOf(fields, className);
    fields.only([...commonKeys, ...kind.keys]);
    const input = inputShape(fields, shape);
    const reading = kind.read(fields, input);
    if (product(reading.output) > modelLimits.outputValues) {
      fields.fail(
        `gives ${product(reading.output)} values for each row; at most ${modelLimits.outputValues} are allowed`,
      );
    }
    read.push({ className, name: names[index] ?? "", input, reading });
    shape = reading.output;
  }
  return read;
}

function kindOf(fields: Fields, className: string) {
  const kind = Object.hasOwn(layerKinds, className) ? layerKinds[className] : undefined;
  return (
    kind ?? fields.fail(`unknown class_name; allowed are InputLayer, ${Object.keys(layerKinds).join(", ")}`)
  );
}

/** The shape of one row: from the layer before, else from `batch_input_shape`; both must agree. */
function inputShape(fields: Fields, before: readonly number[] | undefined): readonly number[] {
  const rule = "a list of null (the batch) and then whole numbers from 1, for example [null, 784]";
  if (!fields.has("batch_input_shape")) {
    return before ?? fields.fail(`the first layer must have batch_input_shape, ${rule}`);
  }
  const [batch, ...given] = fields.list(
    "batch_input_shape",
    (item): item is number | null => item === null || isSize(item),
    rule,
  );
  const shape = given.filter((size) => size !== null);
  if (batch !== null || shape.length === 0 || shape.length !== given.length)
    fields.fail(`batch_input_shape must be ${rule}`);
  if (shape.length > tensorLimits.rank || product(shape) > modelLimits.outputValues) {
    fields.fail(`one row has at most ${tensorLimits.rank} dimensions and ${modelLimits.outputValues} values`);
  }
  if (
    before !== undefined &&
    (before.length !== shape.length || before.some((size, axis) => size !== shape[axis]))
  ) {
    fields.fail(
      `batch_input_shape gives rows of [${shape.join(",")}], but the layer before gives [${before.join(",")}]`,
    );
  }
  return shape;
}

/** Each layer's name: its own, or `dense_1`, `dense_2`, … with the first numbers that are free. */
function namesOf(layers: Layers): string[] {
  const taken = new Set<string>();
  for (const [index, { class_name: className, config }] of layers.entries()) {
    const fields = new Fields(index, className, config);
    if (!fields.has("name")) continue;
    const name = fields.string("name", namePattern, nameRule);
    if (taken.has(name)) fields.fail(`two layers are named ${quoted(name)}`);
    taken.add(name);
  }
  const numbers = new Map<string, number>();
  return layers.map(({ class_name: className, config }, index) => {
    const fields = new Fields(index, className, config);
    if (fields.has("name")) return fields.string("name", namePattern, nameRule);
    if (className === "InputLayer") return "";
    const { prefix } = kindOf(fields, className);
    let number = numbers.get(prefix) ?? 0;
    do number++;
    while (taken.has(`${prefix}_${number}`));
    numbers.set(prefix, number);
    return `${prefix}_${number}`;
  });
}
