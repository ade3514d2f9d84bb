import { createJavaScriptKernels } from "./javascript.js";
import type { Kernels } from "./model.js";
import { createWasmKernels } from "./wasm.js";

/** Kernels over a new memory of at least `memoryBytes`: WebAssembly with SIMD, else JavaScript. The results are the same bits. */
export function createKernels(memoryBytes: number): Kernels {
  return createWasmKernels(memoryBytes) ?? createJavaScriptKernels(memoryBytes);
}
