import type { Kernels } from "./kernels.js";

/** The kernels in plain JavaScript, for hosts without WebAssembly SIMD: slower, and the same bits. */
export function createJavaScriptKernels(memoryBytes: number): Kernels {
  const memory = new ArrayBuffer(Math.ceil(memoryBytes / 8) * 8);
  const sums64 = (at: number, n: number) => new Float64Array(memory, at, n);
  const values32 = (at: number, n: number) => new Float32Array(memory, at, n);
  return {
    kind: "javascript",
    bytes: new Uint8Array(memory),
    begin(sumsAt, valuesAt, n, weight) {
      const sums = sums64(sumsAt, n);
      const values = values32(valuesAt, n);
      for (let i = 0; i < n; i++) sums[i] = weight * (values[i] ?? 0);
    },
    fold(sumsAt, valuesAt, n, weight) {
      const sums = sums64(sumsAt, n);
      const values = values32(valuesAt, n);
      for (let i = 0; i < n; i++) sums[i] = (sums[i] ?? 0) + weight * (values[i] ?? 0);
    },
    finish(outAt, sumsAt, n, total) {
      const sums = sums64(sumsAt, n);
      const out = values32(outAt, n);
      for (let i = 0; i < n; i++) out[i] = (sums[i] ?? 0) / total;
    },
    firstNotFinite(valuesAt, n) {
      const bits = new Uint32Array(memory, valuesAt, n);
      for (let i = 0; i < n; i++) if (((bits[i] ?? 0) & 0x7f800000) === 0x7f800000) return i;
      return -1;
    },
  };
}
