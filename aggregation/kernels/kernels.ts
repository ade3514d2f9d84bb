import { createJavaScriptKernels } from "./javascript.js";
import { createWasmKernels } from "./wasm.js";

/**
 * The inner loops of aggregation, over one memory of fixed size. Addresses are byte offsets, multiples of 8;
 * `n` counts values and is above 0. Values are little-endian float32, sums are float64.
 * What `fold`, `foldTwo` and `finish` are given must have room for `n` rounded up to a multiple of 8:
 * the values beyond `n` are computed too, and mean nothing.
 */
export interface Kernels {
  readonly kind: "wasm" | "javascript";
  /** The memory. It is never moved or grown, so views of it stay good. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** sums[i] += weight * values[i] */
  fold(sums: number, values: number, n: number, weight: number): void;
  /** sums[i] += weightA * a[i], then sums[i] += weightB * b[i]: the same bits as two folds, and faster. */
  foldTwo(sums: number, a: number, b: number, n: number, weightA: number, weightB: number): void;
  /** out[i] = sums[i] / total, rounded to float32 once; leaves the sums empty, see {@link emptySum}. */
  finish(out: number, sums: number, n: number, total: number): void;
  /** The place of the first NaN or infinity among the values, or -1. */
  firstNotFinite(values: number, n: number): number;
}

/** Where a sum starts: adding to -0 changes no number, while 0 would turn a -0 into 0. */
export const emptySum = -0;

/** Kernels over a new memory of at least `memoryBytes`: WebAssembly with SIMD, else JavaScript. The results are the same bits. */
export function createKernels(memoryBytes: number): Kernels {
  return createWasmKernels(memoryBytes) ?? createJavaScriptKernels(memoryBytes);
}
