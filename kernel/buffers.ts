import { setFlagsFromString } from "node:v8";

/**
 * For a program that moves many bytes through a small heap. V8 weighs the memory of buffers with the heap: every 64 MB of new
 * buffers begin a collection of the whole heap, and every 32 MB one of the young. Two settings keep that cheap:
 * - Collected buffers are freed by the collector itself, not by another thread. Freed later, on a busy machine, they still
 *   count when the next 32 MB are full; nearly every collection is then one of the whole heap.
 * - The whole heap is collected again when it has grown by `growthPercent`. V8 takes about ten for a heap as small as ours,
 *   and its marking threads then hold an eighth of both processors in a round with large models. More is faster, and costs memory.
 * V8 reads both each time that it collects; a flag that it does not know changes nothing.
 */
export function moveManyBytes(growthPercent: number): void {
  setFlagsFromString("--no-concurrent-array-buffer-sweeping");
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
}
