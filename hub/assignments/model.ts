import type { BlobRef, EffectId } from "#kernel/refs.js";
import type { AssignmentId, OpId, RunId, Sha256, SiteId } from "#kernel/ids.js";
import type { WorkKind } from "#proto/codec/work.js";

/**
 * Where an assignment stands.
 * - `offered`: pushed, or waiting for the site to be there;
 * - `accepted`: the site has it in its journal;
 * - `delivered`: answered, durable, counted;
 * - `refused`: the site's own rules said no;
 * - `failed`: the site tried and could not, or its answer was refused for good;
 * - `vanished`: the site went away and did not come back within the grace; reopened if it returns while the round still collects;
 * - `late`: the deadline passed;
 * - `cancelled`: its call ended without it.
 */
export type AssignmentState =
  | "offered"
  | "accepted"
  | "delivered"
  | "refused"
  | "failed"
  | "vanished"
  | "late"
  | "cancelled";

/** Whether an answer is still awaited. */
export const isOpen = (state: AssignmentState): boolean => state === "offered" || state === "accepted";

/** The part of a task given to one site. */
export interface Assignment {
  readonly id: AssignmentId;
  readonly runId: RunId;
  /** The call that it belongs to. */
  readonly effect: EffectId;
  readonly round: number;
  readonly kind: WorkKind;
  readonly site: SiteId;
  readonly state: AssignmentState;
  /** Grows each time the assignment is offered anew. */
  readonly attempt: number;
  readonly base: BlobRef;
  readonly deadlineAtMs: number;
  readonly deliveredAtMs: number | undefined;
  readonly opId: OpId | undefined;
  /** Digest of the answer's header. */
  readonly answerSha256: Sha256 | undefined;
  readonly update: BlobRef | undefined;
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly reasonCode: string | undefined;
  readonly reason: string | undefined;
}

/** What a site answers, before its bytes. */
export interface AnswerHeader {
  readonly opId: OpId;
  readonly assignmentId: AssignmentId;
  readonly attempt: number;
  readonly baseSha256: string;
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly update: BlobRef | undefined;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
  }[];
  readonly offset: number;
}

/** The hub's word that an answer is durable. */
export interface Receipt {
  readonly opId: OpId;
  readonly assignmentId: AssignmentId;
  readonly attempt: number;
  readonly sha256: string;
  readonly samples: number;
  readonly acceptedAtMs: number;
}
