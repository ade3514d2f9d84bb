import { createJavaScriptKernels } from "./javascript.js";
import { createWasmKernels } from "./wasm.js";

/**
 * The inner loops of aggregation, over one memory of fixed size. Addresses are byte offsets, multiples of 8;
 * `n` counts values. Values are little-endian float32, sums are float64.
 */
export interface Kernels {
  readonly kind: "wasm" | "javascript";
  /** The memory. It is never moved or grown, so views of it stay good. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** sums[i] = weight * values[i] */
  begin(sums: number, values: number, n: number, weight: number): void;
  /** sums[i] += weight * values[i] */
  fold(sums: number, values: number, n: number, weight: number): void;
  /** out[i] = sums[i] / total, rounded to float32 once. */
  finish(out: number, sums: number, n: number, total: number): void;
  /** The place of the first NaN or infinity among the values, or -1. */
  firstNotFinite(values: number, n: number): number;
}

/** Kernels over a new memory of at least `memoryBytes`: WebAssembly with SIMD, else JavaScript. The results are the same bits. */
export function createKernels(memoryBytes: number): Kernels {
  return createWasmKernels(memoryBytes) ?? createJavaScriptKernels(memoryBytes);
}
