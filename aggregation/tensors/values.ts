import { type Dtype, dtypes } from "./dtypes.js";

/** Room for some values of any type: bytes on the one side, float64 on the other. */
export class ValueRoom {
  /** The bytes of the values that are in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #f32: Float32Array;
  readonly #f64: Float64Array;
  readonly #i32: Int32Array;
  readonly #i64: BigInt64Array;
  readonly #u16: Uint16Array;

  /** `values`: how many it holds at most. */
  constructor(values: number) {
    const buffer = new ArrayBuffer(8 * values);
    this.bytes = new Uint8Array(buffer);
    this.#f32 = new Float32Array(buffer);
    this.#f64 = new Float64Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#i64 = new BigInt64Array(buffer);
    this.#u16 = new Uint16Array(buffer);
  }

  /** The bytes of the first `n` values of this type. */
  part(dtype: Dtype, n: number): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, n * dtypes[dtype].bytes);
  }

  /** Gives the values as float64, as many as `into` takes: exactly, but an `I64` beyond 2^53 as the nearest. */
  read(dtype: Dtype, into: Float64Array): void {
    const n = into.length;
    switch (dtype) {
      case "F32":
        into.set(this.#f32.subarray(0, n));
        break;
      case "F64":
        into.set(this.#f64.subarray(0, n));
        break;
      case "BF16":
        widen(this.#u16, into);
        break;
      case "I32":
        into.set(this.#i32.subarray(0, n));
        break;
      case "I64":
        for (let i = 0; i < n; i++) into[i] = Number(this.#i64[i]);
    }
  }

  /**
   * Takes float64 values, each rounded once: to the nearest, of two that are as near to the even one. Returns the place of
   * the first that the type cannot hold (NaN, and what lies beyond its largest), or -1.
   */
  write(dtype: Dtype, values: Float64Array): number {
    const n = values.length;
    switch (dtype) {
      case "F32":
        this.#f32.set(values);
        return firstNotFinite(this.#f32, n);
      case "F64":
        this.#f64.set(values);
        return firstNotFinite(this.#f64, n);
      case "BF16":
        for (let i = 0; i < n; i++) {
          const bits = toBfloat16(values[i] ?? 0);
          if ((bits & 0x7f80) === 0x7f80) return i;
          this.#u16[i] = bits;
        }
        return -1;
      case "I32":
        for (let i = 0; i < n; i++) {
          const whole = roundHalfEven(values[i] ?? 0);
          if (!(whole >= -(2 ** 31) && whole < 2 ** 31)) return i;
          this.#i32[i] = whole;
        }
        return -1;
      case "I64":
        for (let i = 0; i < n; i++) {
          const whole = roundHalfEven(values[i] ?? 0);
          if (!(whole >= -(2 ** 63) && whole < 2 ** 63)) return i;
          this.#i64[i] = BigInt(whole);
        }
        return -1;
    }
  }
}

function firstNotFinite(values: Float32Array | Float64Array, n: number): number {
  for (let i = 0; i < n; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** The nearest whole number, of two the even one. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

const one = new Float32Array(1);
const oneBits = new Uint32Array(one.buffer);

/** The nearest bfloat16, of two the even one, as its bits. */
export function toBfloat16(value: number): number {
  // Rounding to float32 first and then again would round twice. So what float32 cuts off leaves a mark in the lowest bit
  // ("round to odd"), which the second rounding sees.
  one[0] = value;
  const near = one[0];
  let bits = oneBits[0] ?? 0;
  if (Number.isNaN(near)) return 0x7fc0;
  if (Math.abs(near) > Math.abs(value)) bits--;
  if (near !== value) bits = (bits | 1) >>> 0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

const part = new Float32Array(4096);
const partBits = new Uint32Array(part.buffer);

/** bfloat16 as float64, exactly. */
function widen(bits: Uint16Array, into: Float64Array): void {
  for (let at = 0; at < into.length; at += part.length) {
    const n = Math.min(part.length, into.length - at);
    for (let i = 0; i < n; i++) partBits[i] = (bits[at + i] ?? 0) << 16;
    into.set(part.subarray(0, n), at);
  }
}
