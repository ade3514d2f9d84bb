import { AggregationError, quoted } from "../errors.js";
import { createKernels } from "../kernels/kernels.js";
import type { Kernels } from "../kernels/model.js";
import { type Dtype, dtypeNames, dtypes } from "./dtypes.js";
import { type Header, headerLength, parseHeader, prefixBytes } from "./safetensors.js";
import { checkSchema } from "./schema.js";
import type { TensorSpec } from "./spec.js";
import { ValueRoom } from "./values.js";

/** Where the values of a checked blob lie. */
interface CheckedUpdate {
  /** The first byte of the values. */
  readonly dataOffset: number;
  /** Bytes of all values. */
  readonly dataBytes: number;
}

/** Values of one type that lie one after the other, over as many tensors as there are. */
interface Run {
  readonly dtype: Dtype;
  /** The byte after its last, counted from the first byte after the header. */
  readonly end: number;
}

/** Bytes that one scan looks at. */
const scanBytes = 256 * 1024;

/** One small memory for all checkers: a push uses it and is done with it before another can begin. */
let shared: Kernels | undefined;

/**
 * Checks a safetensors blob while it arrives, in pieces of any size: its header against the model's tensors, its size,
 * and that every value is finite. Keeps the header and at most seven bytes, never the values.
 * Throws `UPDATE_MALFORMED`, `UPDATE_SCHEMA_WRONG` or `UPDATE_NOT_FINITE`; after that the same error at every call.
 */
export class UpdateChecker {
  readonly #expected: readonly TensorSpec[];
  readonly #blobBytes: number | undefined;
  /** The bytes of the prefix, then of prefix and JSON, until the header is complete. */
  #start = new Uint8Array(prefixBytes);
  #startFilled = 0;
  #header: Header | undefined;
  #runs: readonly Run[] = [];
  /** The run that is being scanned. */
  #run = 0;
  /** Bytes of values scanned; always whole values. */
  #scanned = 0;
  /** The bytes of a value that a piece has cut in two. */
  readonly #rest = new Uint8Array(8);
  #restFilled = 0;
  #failure: AggregationError | undefined;

  /** `blobBytes`: the size that the sender declared, if it did; a header that asks for another size is refused at once. */
  constructor(expected: readonly TensorSpec[], blobBytes?: number) {
    this.#expected = expected;
    this.#blobBytes = blobBytes;
  }

  /** Takes the next piece. It is not kept. */
  push(chunk: Uint8Array): void {
    this.#guard(() => {
      let rest = chunk;
      while (this.#header === undefined && rest.length > 0) rest = this.#takeStart(rest);
      if (this.#header !== undefined) this.#scan(this.#header, rest);
    });
  }

  /** Ends the blob: throws when bytes are missing. */
  finish(): CheckedUpdate {
    return this.#guard(() => {
      if (this.#header === undefined) throw malformed("The safetensors blob ends within its header.");
      const { dataOffset, dataBytes } = this.#header;
      const got = this.#scanned + this.#restFilled;
      if (got < dataBytes) {
        throw malformed(
          `The safetensors blob ends too early: it has ${got} of ${dataBytes} bytes of values.`,
        );
      }
      return { dataOffset, dataBytes };
    });
  }

  #guard<T>(action: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return action();
    } catch (error) {
      if (error instanceof AggregationError) this.#failure = error;
      throw error;
    }
  }

  /** Gathers prefix and JSON; returns what is left of the piece. */
  #takeStart(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#start.length - this.#startFilled);
    this.#start.set(taken, this.#startFilled);
    this.#startFilled += taken.length;
    if (this.#startFilled === this.#start.length) {
      if (this.#startFilled === prefixBytes) {
        const whole = new Uint8Array(prefixBytes + headerLength(this.#start));
        whole.set(this.#start);
        this.#start = whole;
      } else {
        const accepted = dtypeNames.filter((name) => this.#expected.some(({ dtype }) => dtype === name));
        this.#acceptHeader(
          parseHeader(this.#start.subarray(prefixBytes), accepted.length === 0 ? dtypeNames : accepted),
        );
      }
    }
    return chunk.subarray(taken.length);
  }

  #acceptHeader(header: Header): void {
    checkSchema(header.tensors, this.#expected);
    const asked = header.dataOffset + header.dataBytes;
    if (this.#blobBytes !== undefined && this.#blobBytes !== asked) {
      throw malformed(
        `The safetensors header asks for a blob of ${asked} bytes, but ${this.#blobBytes} were declared.`,
      );
    }
    this.#header = header;
    this.#runs = runsOf(header);
    this.#start = new Uint8Array(0);
  }

  #scan(header: Header, chunk: Uint8Array): void {
    const { dataBytes } = header;
    const total = this.#scanned + this.#restFilled + chunk.length;
    if (total > dataBytes)
      throw malformed(`The safetensors blob is too long: its header asks for ${dataBytes} bytes of values.`);
    let at = 0;
    while (at < chunk.length) {
      const run = this.#runs[this.#run];
      if (run === undefined) return;
      const left = run.end - this.#scanned - this.#restFilled;
      const piece = chunk.subarray(at, at + Math.min(left, scanBytes - this.#restFilled));
      at += piece.length;
      if (dtypes[run.dtype].integer) this.#skip(run.dtype, piece);
      else this.#scanPiece(header, run.dtype, piece);
      if (this.#scanned === run.end) this.#run++;
    }
  }

  /** Takes whole numbers, which are finite whatever their bits. */
  #skip(dtype: Dtype, piece: Uint8Array): void {
    const filled = this.#restFilled + piece.length;
    this.#restFilled = filled % dtypes[dtype].bytes;
    this.#scanned += filled - this.#restFilled;
  }

  /** Scans values of one type, with those bytes before them that a piece has left. */
  #scanPiece(header: Header, dtype: Dtype, piece: Uint8Array): void {
    shared ??= createKernels(scanBytes);
    const { bytes } = dtypes[dtype];
    shared.bytes.set(this.#rest.subarray(0, this.#restFilled));
    shared.bytes.set(piece, this.#restFilled);
    const filled = this.#restFilled + piece.length;
    const whole = filled - (filled % bytes);
    const place = firstNotFinite(shared, dtype, whole / bytes);
    if (place >= 0) throw notFinite(header, dtype, this.#scanned + place * bytes, shared, place * bytes);
    this.#rest.set(shared.bytes.subarray(whole, filled));
    this.#restFilled = filled - whole;
    this.#scanned += whole;
  }
}

/** Tensors without values end no run. */
function runsOf({ tensors }: Header): Run[] {
  const runs: Run[] = [];
  for (const { dtype, begin, end } of tensors) {
    if (begin === end) continue;
    if (runs.at(-1)?.dtype === dtype) runs.pop();
    runs.push({ dtype, end });
  }
  return runs;
}

/** The place of the first NaN or infinity among the values at the start of the memory, or -1. */
function firstNotFinite(kernels: Kernels, dtype: Dtype, n: number): number {
  if (n === 0) return -1;
  if (dtype === "F32") return kernels.firstNotFinite(0, n);
  const { buffer } = kernels.bytes;
  // Not finite means: all bits of the exponent are set. They lie in the upper half of an F64.
  if (dtype === "F64") {
    const halves = new Uint32Array(buffer, 0, 2 * n);
    for (let i = 1; i < halves.length; i += 2)
      if (((halves[i] ?? 0) & 0x7ff00000) === 0x7ff00000) return i >> 1;
    return -1;
  }
  const bits = new Uint16Array(buffer, 0, n);
  for (let i = 0; i < n; i++) if (((bits[i] ?? 0) & 0x7f80) === 0x7f80) return i;
  return -1;
}

/** `at`: the value's first byte, counted from the first byte after the header; `place`: in the memory. */
function notFinite(
  header: Header,
  dtype: Dtype,
  at: number,
  kernels: Kernels,
  place: number,
): AggregationError {
  const room = new ValueRoom(1);
  const { bytes } = dtypes[dtype];
  room.bytes.set(kernels.bytes.subarray(place, place + bytes));
  const value = new Float64Array(1);
  room.read(dtype, value);
  const tensor = header.tensors.find((candidate) => at < candidate.end);
  const name = tensor?.name ?? "";
  const index = (at - (tensor?.begin ?? 0)) / bytes;
  return new AggregationError(
    "UPDATE_NOT_FINITE",
    `Tensor ${quoted(name)} holds ${value[0] ?? 0} at place ${index} (from 0).`,
    {
      tensor: name,
      index,
    },
  );
}

function malformed(message: string): AggregationError {
  return new AggregationError("UPDATE_MALFORMED", message);
}
