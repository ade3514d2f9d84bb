import { AggregationError, quoted } from "../errors.js";
import { type Dtype, dtypes } from "./dtypes.js";

/** One tensor of a model: its name, element type and shape. A scalar has the shape `[]`. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Limits for models and updates, whoever made them. */
export const tensorLimits = {
  /** Tensors of one model. */
  tensors: 10_000,
  /** Characters of a tensor's name. */
  nameLength: 256,
  /** Dimensions of one tensor. */
  rank: 16,
  /** Bytes of a safetensors header, without its length prefix. */
  headerBytes: 1 << 20,
} as const;

/** The number of values in a tensor of this shape; undefined when it is no shape or its bytes cannot be counted exactly. */
export function countElements(shape: readonly number[]): number | undefined {
  let elements = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    elements *= size;
    if (elements > Number.MAX_SAFE_INTEGER / 8) return undefined;
  }
  return elements;
}

/** The number of values of one tensor. Throws `ARGUMENT_INVALID` for an impossible shape. */
export function elementCount(spec: TensorSpec): number {
  const elements = countElements(spec.shape);
  if (elements !== undefined) return elements;
  throw new AggregationError(
    "ARGUMENT_INVALID",
    `Tensor ${quoted(spec.name)} has an impossible shape ${describeShape(spec.shape)}.`,
    { tensor: spec.name },
  );
}

/** The bytes of one tensor's values. */
export function byteCount(spec: TensorSpec): number {
  return elementCount(spec) * dtypes[spec.dtype].bytes;
}

/** The bytes of all values, without the header. */
export function totalBytes(specs: readonly TensorSpec[]): number {
  return specs.reduce((sum, spec) => sum + byteCount(spec), 0);
}

/** `[784,64]`, for messages. */
export function describeShape(shape: readonly number[]): string {
  const shown = shape.slice(0, tensorLimits.rank);
  return `[${shown.join(",")}${shape.length > shown.length ? ",…" : ""}]`;
}
