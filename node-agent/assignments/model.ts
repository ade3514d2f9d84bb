import { z } from "zod";
import {
  type AssignmentId,
  parseAssignmentId,
  parseRunId,
  parseSha256,
  type RunId,
  type Sha256,
} from "#kernel/ids.js";

const blobSchema = z.object({
  sha256: z.string().transform((text): Sha256 => parseSha256(text)),
  sizeBytes: z.int().min(0),
});

/** An offer, as it comes over the wire and as it lies in the journal. */
export const offerSchema = z.object({
  assignmentId: z.string().transform((text): AssignmentId => parseAssignmentId(text)),
  attempt: z.int().min(1),
  runId: z.string().transform((text): RunId => parseRunId(text)),
  runName: z.string(),
  round: z.int().min(0),
  kind: z.string(),
  workJson: z.string(),
  base: blobSchema,
});

/** What an offer asks for. */
export type Offer = z.output<typeof offerSchema>;

const tensorSchema = z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.int().min(0)) });

/** The answer to an assignment, durable before its first byte leaves. */
export const answerSchema = z.object({
  opId: z.string().min(1),
  samples: z.int().min(0),
  metrics: z.record(z.string(), z.number()),
  /** The update's bytes in the outbox; not there for work that has none. */
  update: blobSchema.optional(),
  tensors: z.array(tensorSchema),
});

export type Answer = z.output<typeof answerSchema>;

/**
 * Where an assignment stands at the site.
 *
 * `accepted`: to be worked on, now or after a restart. `answered`: the answer is durable here, the receipt is missing.
 * `done`: the receipt has come. `declined`: the site's policy said no. `failed`: the work could not be done.
 * `refused`: the hub did not take the answer. `cancelled`: the hub does not want it any more.
 */
export const states = ["accepted", "answered", "done", "declined", "failed", "refused", "cancelled"] as const;
type State = (typeof states)[number];

/** Why an assignment ended without a receipt. */
export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly retryable: boolean;
}

/** One assignment in the journal. */
export interface Entry {
  readonly offer: Offer;
  readonly state: State;
  readonly answer: Answer | undefined;
  readonly reason: Reason | undefined;
}

/** One line of the site's own log, durable before what it tells of happens. */
export interface LogLine {
  /** `allowed` and `refused`: a decision of the policy. `outgoing`: an answer is about to leave. */
  readonly event: "allowed" | "refused" | "outgoing";
  readonly offer: Offer;
  readonly dataset?: string;
  readonly rule?: string;
  readonly reason?: string;
  readonly answer?: Answer;
}
