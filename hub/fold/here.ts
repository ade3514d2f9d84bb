import type { Bytes } from "#hub/blobs/reader.js";
import { failureOf, toFailure } from "#kernel/thread-failure.js";
import { follow } from "./follow.js";
import type { FoldDone, FoldJob } from "./job.js";
import { passes } from "./passes.js";

/** Bytes of all answers together that a thread with other things to do may fold: some milliseconds, for any strategy. */
const quickBytes = 1 << 20;

/** {@link FoldPool.fold} in the caller's own thread, at once: for jobs whose blobs are all small. The same job gives the same bytes, or the same error. */
export function foldHere(job: FoldJob): FoldDone {
  try {
    return foldWhole(job);
  } catch (error) {
    throw failureOf(toFailure(error));
  }
}

function foldWhole(job: FoldJob): FoldDone {
  const steps = passes(job);
  for (let next = steps.next(); ; ) {
    if (next.done === true) return next.value;
    next = steps.next(follow({ job, step: next.value, leads: true }, undefined));
  }
}

/**
 * Whether {@link foldHere} is over before anybody misses its caller: no file is read, and few bytes. Many small answers are no small
 * fold: the pairs of a thousand sites would keep a hub for seconds.
 */
export function isQuick({ answers, with: others }: FoldJob): boolean {
  const all = [...answers.flatMap(({ bytes, base }) => [bytes, base]), ...Object.values(others)];
  const sizes = all.map((bytes) => (bytes === undefined ? 0 : sizeOf(bytes)));
  return sizes.reduce((sum, size) => sum + size, 0) <= quickBytes;
}

const sizeOf = (bytes: Bytes): number => ("inline" in bytes ? bytes.inline.length : Number.POSITIVE_INFINITY);
