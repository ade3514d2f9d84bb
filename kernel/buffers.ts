import { setFlagsFromString } from "node:v8";

/**
 * For a program that moves many bytes: the memory of collected buffers is freed by the collector itself, not by another thread.
 * V8 starts a collection of the whole heap after 64 MB of new buffers, and one of the young after 32 MB. Freed later, on a
 * busy machine, the bytes of the second kind still count when the next 32 MB are full; nearly every collection then is one
 * of the whole heap, and half the time of a transfer goes there. V8 reads the flag each time; one that it does not know changes nothing.
 */
export function freeBuffersAtOnce(): void {
  setFlagsFromString("--no-concurrent-array-buffer-sweeping");
}
