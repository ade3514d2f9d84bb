import type { BlobRef, CallRef } from "#kernel/refs.js";
import type { Assignment } from "#hub/assignments/model.js";
import { isOpen } from "#hub/assignments/model.js";

/**
 * Where a round stands.
 * - `collecting`: the sites train and deliver;
 * - `aggregating`: the set of updates is fixed, the new model is being made;
 * - `evaluating`: the sites judge the model on their test rows;
 * - `completed`, `failed`: over.
 */
export type RoundState = "collecting" | "aggregating" | "evaluating" | "completed" | "failed";

/** One pass of federated training, or one evaluation of a model. */
export interface Round extends CallRef {
  /** Counted over the whole run. */
  readonly round: number;
  /** Its place among the rounds of its call, from 1. */
  readonly position: number;
  readonly state: RoundState;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly deadlineAtMs: number;
  readonly base: BlobRef;
  readonly model: BlobRef | undefined;
  /** Rows that the aggregated updates, or the answers of an evaluation, stand for. */
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** What it has failed with. */
  readonly error: RoundError | undefined;
}

/** Why a round has failed: a hub that is killed before the call has ended ends it with the same words. */
export interface RoundError {
  readonly code: string;
  readonly text: string;
}

/** What is to be done with a collecting round. */
type Verdict =
  | { readonly verdict: "wait" }
  | { readonly verdict: "aggregate" }
  | { readonly verdict: "fail"; readonly text: string };

/** Decides, from the assignments alone, whether the round can be aggregated, must go on waiting, or cannot reach its quorum any more. */
export function judge(assignments: readonly Assignment[], min: number): Verdict {
  const delivered = assignments.filter((assignment) => assignment.state === "delivered").length;
  const open = assignments.filter((assignment) => isOpen(assignment.state)).length;
  if (delivered + open < min) {
    const reasons = assignments
      .filter((assignment) => assignment.state !== "delivered" && !isOpen(assignment.state))
      .map((assignment) => `${assignment.site}: ${assignment.reason ?? assignment.state}`);
    return {
      verdict: "fail",
      text: `${delivered + open} of ${assignments.length} sites are left and ${min} are needed. ${reasons.join(" ")}`.trim(),
    };
  }
  return open > 0 ? { verdict: "wait" } : { verdict: "aggregate" };
}
