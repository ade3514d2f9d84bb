import type { AssignmentId, OpId, Sha256, SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import type { SitePart, StageKey } from "./stage.js";

/**
 * Where an assignment stands.
 * - `offered`: pushed, or waiting for the site to be there;
 * - `accepted`: the site has it in its journal;
 * - `delivered`: answered, durable, counted;
 * - `refused`: the site's own rules said no;
 * - `failed`: the site tried and could not, or its answer was refused for good;
 * - `vanished`: the site went away and did not come back within the grace; reopened if it returns while the stage is open;
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

/** The part of a stage given to one site. */
export interface Assignment extends StageKey {
  readonly id: AssignmentId;
  /** The number of the round for people. */
  readonly round: number;
  readonly kind: string;
  readonly site: SiteId;
  readonly state: AssignmentState;
  /** Grows each time the assignment is offered anew. */
  readonly attempt: number;
  readonly part: SitePart;
  /** Rounds that had ended when it was issued. */
  readonly issued: number;
  /** The answer of the site that its state is to be read after. */
  readonly stateFrom: AssignmentId | undefined;
  readonly deadlineAtMs: number;
  readonly deliveredAtMs: number | undefined;
  /** The order of arrival within the stage; 0 before. */
  readonly arrival: number;
  readonly opId: OpId | undefined;
  /** Digest of the answer's header. */
  readonly answerSha256: Sha256 | undefined;
  readonly update: BlobRef | undefined;
  /** The answer's JSON value. */
  readonly value: Json | undefined;
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Sites that stand behind the answer: more than 1 from a child hub. */
  readonly behind: number;
  /** Opaque; changes with the rows that the work has read. */
  readonly dataVersion: string;
  readonly reasonCode: string | undefined;
  readonly reason: string | undefined;
}

/**
 * The id of a site's assignment of a stage: the same for every attempt, so that a repetition is recognised. A stream asks a site more than
 * once: there `changes`, those of the stage when it was asked, tells them apart.
 */
export function assignmentIdOf(
  { runId, effect, position, stage }: StageKey,
  site: SiteId,
  changes?: number,
): AssignmentId {
  const more = changes === undefined ? "" : `.${changes}`;
  return `${runId}.${effect}.${position}.${stage}.${site.replace("/", ".")}${more}` as AssignmentId;
}

/** What a site answers, before its bytes. */
export interface AnswerHeader {
  readonly opId: OpId;
  readonly assignmentId: AssignmentId;
  readonly attempt: number;
  /** The digest of the input `base`; empty for work without one. */
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
  readonly value: Json | undefined;
  /** The whole update where it came with the header. */
  readonly inline: Buffer | undefined;
  /** What the work's state was read after; empty for none. */
  readonly stateFrom: string;
  readonly behind: number;
  readonly dataVersion: string;
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
