import { createKernels } from "#aggregation/kernels/kernels.js";
import type { Kernels } from "#aggregation/kernels/model.js";

let kept: Kernels | undefined;

/** The same memory for one mean after the other in a thread: it would be long until a new one for each is collected. */
export function keptKernels(memoryBytes: number): Kernels {
  if (kept === undefined || kept.bytes.length < memoryBytes) kept = createKernels(memoryBytes);
  return kept;
}
