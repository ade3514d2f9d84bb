import { ComityError } from "#kernel/errors.js";
import type { PassEnd, Step } from "./folder.js";
import type { FoldDone, FoldJob } from "./job.js";

/** More than any strategy needs. */
const mostPasses = 1000;

/** The passes of a job, one after the other: yields what the one before has come to, and is given what the next one does. */
export function* passes({ folder }: FoldJob): Generator<Step | undefined, FoldDone, PassEnd | undefined> {
  let step: Step | undefined;
  for (let pass = 0; pass < mostPasses; pass++) {
    const end = yield step;
    if (end === undefined)
      throw new ComityError("INTERNAL", `The fold ${folder} has ended without a result.`);
    if ("done" in end) return end.done;
    step = end.step;
  }
  throw new ComityError("INTERNAL", `The fold ${folder} does not come to an end.`);
}
