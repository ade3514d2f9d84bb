import { AggregationError, quoted } from "../errors.js";
import { type Dtype, dtypeNames, dtypes, type ValuesOf } from "./dtypes.js";
import { HeaderScanner } from "./header-scanner.js";
import {
  byteCount,
  countElements,
  describeShape,
  elementCount,
  type TensorSpec,
  tensorLimits,
  totalBytes,
} from "./spec.js";

// The format: https://github.com/huggingface/safetensors#format. Eight bytes of header length, little-endian; the header
// in JSON, padded with spaces; then the values of all tensors, one after the other, little-endian.

/** The bytes before the JSON header: its length. */
export const prefixBytes = 8;

/** One tensor as a header declares it. */
interface HeaderTensor extends TensorSpec {
  /** The first byte of its values, counted from the first byte after the header. */
  readonly begin: number;
  /** The byte after its last. */
  readonly end: number;
}

/** A parsed header. */
export interface Header {
  readonly tensors: readonly HeaderTensor[];
  /** Bytes before the values: length prefix and JSON. */
  readonly dataOffset: number;
  /** Bytes of all values. */
  readonly dataBytes: number;
}

/** A tensor in memory, of one element type. */
interface TensorOf<D extends Dtype> extends TensorSpec {
  readonly dtype: D;
  readonly values: ValuesOf[D];
}

/** A tensor in memory, as the models that are trained have them. */
export type Tensor = TensorOf<"F32">;

/** A tensor in memory, of any element type. */
export type AnyTensor = { [D in Dtype]: TensorOf<D> }[Dtype];

/**
 * The canonical header: tensors in the given order, no metadata, padded so that the values start at a multiple of 8.
 * Throws `ARGUMENT_INVALID` for impossible shapes, bad names or a header above the limit.
 */
export function encodeHeader(specs: readonly TensorSpec[]): Uint8Array<ArrayBuffer> {
  const names = new Set<string>();
  let begin = 0;
  const entries = specs.map((spec) => {
    const fault = nameFault(spec.name, names);
    if (fault !== undefined) throw new AggregationError("ARGUMENT_INVALID", fault, { tensor: spec.name });
    const end = begin + byteCount(spec);
    const entry = { dtype: spec.dtype, shape: spec.shape, data_offsets: [begin, end] };
    begin = end;
    return `${JSON.stringify(spec.name)}:${JSON.stringify(entry)}`;
  });
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const jsonBytes = Math.ceil(json.length / 8) * 8;
  if (specs.length > tensorLimits.tensors || jsonBytes > tensorLimits.headerBytes) {
    throw new AggregationError(
      "ARGUMENT_INVALID",
      `A model has at most ${tensorLimits.tensors} tensors and a header of at most ${tensorLimits.headerBytes} bytes.`,
    );
  }
  const header = new Uint8Array(prefixBytes + jsonBytes).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(jsonBytes), true);
  header.set(json, prefixBytes);
  return header;
}

/** Bytes of the JSON header, from the first 8 bytes of a blob. Throws `UPDATE_MALFORMED`. */
export function headerLength(prefix: Uint8Array): number {
  if (prefix.length < prefixBytes)
    throw malformed(`A safetensors blob has at least 8 bytes; this has ${prefix.length}.`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigUint64(0, true);
  if (length >= 2n && length <= BigInt(tensorLimits.headerBytes)) return Number(length);
  throw malformed(
    `The safetensors header claims ${length.toString()} bytes; 2 to ${tensorLimits.headerBytes} are allowed.`,
  );
}

/**
 * Parses the JSON header of a blob that nobody has checked; `json` are the bytes after the length prefix.
 * The tensors must lie one after the other, in the order of the header, without gaps.
 * Throws `UPDATE_MALFORMED`, or `UPDATE_SCHEMA_WRONG` for a dtype that is not `accepted`.
 */
export function parseHeader(json: Uint8Array, accepted: readonly Dtype[] = dtypeNames): Header {
  if (json[0] !== 0x7b) throw malformed("The safetensors header must start with `{`.");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
  } catch {
    throw malformed("The safetensors header is not UTF-8.");
  }
  const scanner = new HeaderScanner(text);
  const tensors: HeaderTensor[] = [];
  const names = new Set<string>();
  let begin = 0;
  let hasMetadata = false;
  scanner.object((name) => {
    if (name === "__metadata__") {
      if (hasMetadata) throw malformed("The safetensors header has two keys `__metadata__`.");
      hasMetadata = true;
      scanner.object(() => scanner.string());
      return;
    }
    if (tensors.length === tensorLimits.tensors)
      throw malformed(`A blob has at most ${tensorLimits.tensors} tensors.`);
    const fault = nameFault(name, names);
    if (fault !== undefined) throw malformed(fault, name);
    const tensor = readTensor(scanner, name, begin, accepted);
    begin = tensor.end;
    tensors.push(tensor);
  });
  scanner.end();
  return { tensors, dataOffset: prefixBytes + json.length, dataBytes: begin };
}

function readTensor(
  scanner: HeaderScanner,
  name: string,
  begin: number,
  accepted: readonly Dtype[],
): HeaderTensor {
  let found: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object((key) => {
    if (key === "dtype" && found === undefined) found = scanner.string();
    else if (key === "shape" && shape === undefined) shape = scanner.integers(tensorLimits.rank);
    else if (key === "data_offsets" && offsets === undefined) offsets = scanner.integers(2);
    else throw malformed(`Tensor ${quoted(name)} has an unknown or repeated key ${quoted(key)}.`, name);
  });
  if (found === undefined || shape === undefined || offsets === undefined) {
    throw malformed(`Tensor ${quoted(name)} must have \`dtype\`, \`shape\` and \`data_offsets\`.`, name);
  }
  const dtype = accepted.find((one) => one === found);
  if (dtype === undefined) {
    throw new AggregationError(
      "UPDATE_SCHEMA_WRONG",
      `Tensor ${quoted(name)} has dtype ${quoted(found)}; only ${accepted.join(", ")} ${accepted.length === 1 ? "is" : "are"} accepted.`,
      { tensor: name },
    );
  }
  const elements = countElements(shape);
  const end = begin + (elements ?? Number.NaN) * dtypes[dtype].bytes;
  if (!Number.isSafeInteger(end)) {
    throw malformed(`Tensor ${quoted(name)} has an impossible shape ${describeShape(shape)}.`, name);
  }
  if (offsets[0] !== begin || offsets[1] !== end) {
    throw malformed(
      `Tensor ${quoted(name)} of shape ${describeShape(shape)} must have data_offsets [${begin},${end}], not [${offsets.join(",")}]: ` +
        "tensors lie one after the other, in the order of the header.",
      name,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** The header at the start of a blob in memory; the values need not be there. Throws as {@link parseHeader} does. */
export function readHeader(blob: Uint8Array, accepted: readonly Dtype[] = dtypeNames): Header {
  const length = headerLength(blob);
  if (blob.length < prefixBytes + length) throw malformed("The safetensors blob ends within its header.");
  return parseHeader(blob.subarray(prefixBytes, prefixBytes + length), accepted);
}

/** The tensors of a blob in memory, copied: a blob may start at any address. Throws as {@link parseHeader} does, for all but F32. */
export function decodeTensors(blob: Uint8Array): Tensor[] {
  return tensorsOf(blob, ["F32"]).map(({ name, shape, bytes }) => ({
    name,
    dtype: "F32",
    shape,
    values: new Float32Array(bytes),
  }));
}

/** {@link decodeTensors} for any element types. Throws as {@link parseHeader} does. */
export function decodeAnyTensors(blob: Uint8Array): AnyTensor[] {
  return tensorsOf(blob, dtypeNames).map(({ name, dtype, shape, bytes }): AnyTensor => {
    switch (dtype) {
      case "F32":
        return { name, dtype, shape, values: new Float32Array(bytes) };
      case "F64":
        return { name, dtype, shape, values: new Float64Array(bytes) };
      case "BF16":
        return { name, dtype, shape, values: new Uint16Array(bytes) };
      case "I32":
        return { name, dtype, shape, values: new Int32Array(bytes) };
      case "I64":
        return { name, dtype, shape, values: new BigInt64Array(bytes) };
    }
  });
}

function tensorsOf(
  blob: Uint8Array,
  accepted: readonly Dtype[],
): (TensorSpec & { readonly bytes: ArrayBuffer })[] {
  const { tensors, dataOffset, dataBytes } = readHeader(blob, accepted);
  if (blob.length !== dataOffset + dataBytes) {
    throw malformed(
      `The safetensors blob has ${blob.length} bytes; its header asks for ${dataOffset + dataBytes}.`,
    );
  }
  return tensors.map(({ name, dtype, shape, begin, end }) => {
    const bytes = new Uint8Array(end - begin);
    bytes.set(blob.subarray(dataOffset + begin, dataOffset + end));
    return { name, dtype, shape, bytes: bytes.buffer };
  });
}

/** A blob with the canonical header. Throws `ARGUMENT_INVALID` when values and shape do not fit together. */
export function encodeTensors(tensors: readonly AnyTensor[]): Uint8Array<ArrayBuffer> {
  const header = encodeHeader(tensors);
  const blob = new Uint8Array(header.length + totalBytes(tensors));
  blob.set(header);
  let at = header.length;
  for (const tensor of tensors) {
    const { values } = tensor;
    if (values.length !== elementCount(tensor)) {
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `Tensor ${quoted(tensor.name)} of shape ${describeShape(tensor.shape)} has ${values.length} values.`,
        { tensor: tensor.name },
      );
    }
    blob.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return blob;
}

/** Why a tensor may not have this name; remembers the name when it may. */
function nameFault(name: string, taken: Set<string>): string | undefined {
  if (name.length === 0 || name.length > tensorLimits.nameLength) {
    return `A tensor's name has 1 to ${tensorLimits.nameLength} characters: ${quoted(name)} has ${name.length}.`;
  }
  if (name === "__proto__" || name === "__metadata__" || !name.isWellFormed())
    return `No tensor may be named ${quoted(name)}.`;
  if (taken.has(name)) return `Two tensors are named ${quoted(name)}.`;
  taken.add(name);
  return undefined;
}

function malformed(message: string, tensor?: string): AggregationError {
  return new AggregationError("UPDATE_MALFORMED", message, tensor === undefined ? {} : { tensor });
}
