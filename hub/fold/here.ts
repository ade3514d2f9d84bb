import { follow } from "./follow.js";
import type { FoldDone, FoldJob } from "./job.js";
import { passes } from "./passes.js";

/** {@link FoldPool.fold} in the caller's own thread, at once: for jobs whose blobs are all small. The same job gives the same bytes. */
export function foldHere(job: FoldJob): FoldDone {
  const steps = passes(job);
  for (let next = steps.next(); ; ) {
    if (next.done === true) return next.value;
    next = steps.next(follow({ job, step: next.value, leads: true }, undefined));
  }
}
