import type { Kernels } from "./model.js";
import { kernelsBase64 } from "./wasm.generated.js";

const pageBytes = 65_536;
let compiled: WebAssembly.Module | undefined;

/** The kernels in WebAssembly; undefined where the host refuses SIMD, or has no address space left for a memory. */
export function createWasmKernels(memoryBytes: number): Kernels | undefined {
  compiled ??= compile();
  if (compiled === undefined) return undefined;
  const pages = Math.max(1, Math.ceil(memoryBytes / pageBytes));
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    // A memory reserves gigabytes of addresses, whatever its size: a process under `ulimit -v` may not get one.
    return undefined;
  }
  const exports = new WebAssembly.Instance(compiled, { host: { memory } }).exports;
  const mean = exports["mean"] as WasmMean;
  return {
    kind: "wasm",
    bytes: new Uint8Array(memory.buffer),
    mean({ out, values, stride, weights, count }, n, total) {
      mean(out, values, stride, weights, count, n, total);
    },
    firstNotFinite: exports["firstNotFinite"] as Kernels["firstNotFinite"],
  };
}

type WasmMean = (
  out: number,
  values: number,
  stride: number,
  weights: number,
  count: number,
  n: number,
  total: number,
) => void;

function compile(): WebAssembly.Module | undefined {
  const binary = Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0));
  return typeof WebAssembly === "object" && WebAssembly.validate(binary)
    ? new WebAssembly.Module(binary)
    : undefined;
}
