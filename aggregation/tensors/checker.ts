import { AggregationError, quoted } from "../errors.js";
import { createKernels } from "../kernels/kernels.js";
import type { Kernels } from "../kernels/model.js";
import { type Header, headerLength, parseHeader, prefixBytes } from "./safetensors.js";
import { checkSchema } from "./schema.js";
import type { TensorSpec } from "./spec.js";

/** Where the values of a checked blob lie. */
interface CheckedUpdate {
  /** The first byte of the values. */
  readonly dataOffset: number;
  /** Bytes of all values. */
  readonly dataBytes: number;
}

/** Bytes that one scan looks at. */
const scanBytes = 256 * 1024;

/** One small memory for all checkers: a push uses it and is done with it before another can begin. */
let shared: Kernels | undefined;

/**
 * Checks a safetensors blob while it arrives, in pieces of any size: its header against the model's tensors, its size,
 * and that every value is finite. Keeps the header and at most three bytes, never the values.
 * Throws `UPDATE_MALFORMED`, `UPDATE_SCHEMA_WRONG` or `UPDATE_NOT_FINITE`; after that the same error at every call.
 */
export class UpdateChecker {
  readonly #expected: readonly TensorSpec[];
  readonly #blobBytes: number | undefined;
  /** The bytes of the prefix, then of prefix and JSON, until the header is complete. */
  #start = new Uint8Array(prefixBytes);
  #startFilled = 0;
  #header: Header | undefined;
  /** Bytes of values scanned; always a multiple of 4. */
  #scanned = 0;
  /** The bytes of a value that a piece has cut in two. */
  readonly #rest = new Uint8Array(4);
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
        this.#acceptHeader(parseHeader(this.#start.subarray(prefixBytes)));
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
    this.#start = new Uint8Array(0);
  }

  #scan(header: Header, chunk: Uint8Array): void {
    const { dataBytes } = header;
    const total = this.#scanned + this.#restFilled + chunk.length;
    if (total > dataBytes)
      throw malformed(`The safetensors blob is too long: its header asks for ${dataBytes} bytes of values.`);
    shared ??= createKernels(scanBytes);
    let at = 0;
    while (at < chunk.length) {
      const piece = chunk.subarray(at, at + scanBytes - this.#restFilled);
      shared.bytes.set(this.#rest.subarray(0, this.#restFilled));
      shared.bytes.set(piece, this.#restFilled);
      at += piece.length;
      const filled = this.#restFilled + piece.length;
      const whole = filled - (filled % 4);
      const place = shared.firstNotFinite(0, whole / 4);
      if (place >= 0)
        throw notFinite(header, this.#scanned + place * 4, shared.bytes.subarray(place * 4, place * 4 + 4));
      this.#rest.set(shared.bytes.subarray(whole, filled));
      this.#restFilled = filled - whole;
      this.#scanned += whole;
    }
  }
}

/** `at`: the value's first byte, counted from the first byte after the header. */
function notFinite(header: Header, at: number, bytes: Uint8Array): AggregationError {
  const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
  const tensor = header.tensors.find((candidate) => at < candidate.end);
  const name = tensor?.name ?? "";
  const index = (at - (tensor?.begin ?? 0)) / 4;
  return new AggregationError(
    "UPDATE_NOT_FINITE",
    `Tensor ${quoted(name)} holds ${value} at place ${index} (from 0).`,
    {
      tensor: name,
      index,
    },
  );
}

function malformed(message: string): AggregationError {
  return new AggregationError("UPDATE_MALFORMED", message);
}
