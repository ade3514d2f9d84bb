import type { Kernels } from "./kernels.js";

/** The kernels in plain JavaScript, for hosts without WebAssembly SIMD: slower, and the same bits. */
export function createJavaScriptKernels(memoryBytes: number): Kernels {
  const memory = new ArrayBuffer(Math.ceil(memoryBytes / 8) * 8);
  return {
    kind: "javascript",
    bytes: new Uint8Array(memory),
    fold(sumsAt, valuesAt, n, weight) {
      const sums = new Float64Array(memory, sumsAt, n);
      const values = new Float32Array(memory, valuesAt, n);
      for (let i = 0; i < n; i++) sums[i] = (sums[i] ?? 0) + weight * (values[i] ?? 0);
    },
    foldTwo(sumsAt, aAt, bAt, n, weightA, weightB) {
      const sums = new Float64Array(memory, sumsAt, n);
      const a = new Float32Array(memory, aAt, n);
      const b = new Float32Array(memory, bAt, n);
      for (let i = 0; i < n; i++) sums[i] = (sums[i] ?? 0) + weightA * (a[i] ?? 0) + weightB * (b[i] ?? 0);
    },
    finish(outAt, sumsAt, n, total) {
      const sums = new Float64Array(memory, sumsAt, n);
      const out = new Float32Array(memory, outAt, n);
      for (let i = 0; i < n; i++) out[i] = (sums[i] ?? 0) / total;
      sums.fill(-0);
    },
    firstNotFinite(valuesAt, n) {
      const bits = new Uint32Array(memory, valuesAt, n);
      for (let i = 0; i < n; i++) if (((bits[i] ?? 0) & 0x7f800000) === 0x7f800000) return i;
      return -1;
    },
  };
}
