import type { Kernels } from "./model.js";

/** The kernels in plain JavaScript, for hosts without WebAssembly SIMD: slower, and the same bits. */
export function createJavaScriptKernels(memoryBytes: number): Kernels {
  const memory = new ArrayBuffer(Math.ceil(memoryBytes / 8) * 8);
  return {
    kind: "javascript",
    bytes: new Uint8Array(memory),
    mean({ out: outAt, values: valuesAt, stride, weights: weightsAt, count }, n, total) {
      // A sum starts at -0: adding to it changes no number, while 0 would turn a -0 into 0.
      const sums = new Float64Array(n).fill(-0);
      const weights = new Float64Array(memory, weightsAt, count);
      for (const [input, weight] of weights.entries()) {
        const values = new Float32Array(memory, valuesAt + input * stride, n);
        for (let i = 0; i < n; i++) sums[i] = (sums[i] ?? 0) + weight * (values[i] ?? 0);
      }
      const out = new Float32Array(memory, outAt, n);
      for (let i = 0; i < n; i++) out[i] = (sums[i] ?? 0) / total;
    },
    firstNotFinite(valuesAt, n) {
      const bits = new Uint32Array(memory, valuesAt, n);
      for (let i = 0; i < n; i++) if (((bits[i] ?? 0) & 0x7f800000) === 0x7f800000) return i;
      return -1;
    },
  };
}
