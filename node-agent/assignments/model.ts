import { z } from "zod";
import {
  type AssignmentId,
  parseAssignmentId,
  parseRunId,
  parseSha256,
  type RunId,
  type Sha256,
} from "#kernel/ids.js";
import { canonicalJson } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";

const blobSchema = z.object({
  sha256: z.string().transform((text): Sha256 => parseSha256(text)),
  sizeBytes: z.int().min(0),
});

const inputSchema = z.object({ name: z.string().min(1).max(64), blob: blobSchema });
const text = z.string().default("");

/** An offer, as it comes over the wire and as it lies in the journal, also in that of an agent of before. */
export const offerSchema = z
  .object({
    assignmentId: z.string().transform((id): AssignmentId => parseAssignmentId(id)),
    attempt: z.int().min(1),
    runId: z.string().transform((id): RunId => parseRunId(id)),
    runName: z.string(),
    round: z.int().min(0),
    kind: z.string(),
    workJson: z.string(),
    /** A hub of before tells the input `base` alone, and here. */
    base: blobSchema.nullish(),
    inputs: z.array(inputSchema).max(64).default([]),
    stage: text,
    function: text,
    purpose: text,
    requester: text,
    asked: z.int().min(0).default(0),
    minSites: z.int().min(0).default(0),
    release: text,
    stateKey: z.string().max(512).default(""),
    stateFrom: z
      .string()
      .transform((id): AssignmentId | "" => (id === "" ? "" : parseAssignmentId(id)))
      .default(""),
    draw: z.int().min(0).default(0),
    partJson: text,
  })
  .refine(({ stateKey, runId }) => stateKey === "" || stateKey.startsWith(`${runId}/`), {
    message: "`state_key` must begin with the id of the run and `/`",
  })
  .transform(({ base, inputs: given, draw, ...offer }, context) => {
    const named = given.find(({ name }) => name === "base");
    const inputs = base == null || named !== undefined ? given : [{ name: "base", blob: base }, ...given];
    if (new Set(inputs.map(({ name }) => name)).size < inputs.length)
      context.addIssue({ code: "custom", message: "two inputs have the same name" });
    if (base != null && named !== undefined && named.blob.sha256 !== base.sha256)
      context.addIssue({ code: "custom", message: "the input `base` is told twice, with two digests" });
    // A hub of before has no draws: its rounds come one after the other.
    return { ...offer, inputs, draw: draw === 0 ? offer.round : draw };
  });

/** What an offer asks for. */
export type Offer = z.output<typeof offerSchema>;

/** The blob of one input of an offer. */
export const inputOf = (offer: Offer, name: string): BlobRef | undefined =>
  offer.inputs.find((input) => input.name === name)?.blob;

/** Whether two offers ask for the same work, so that the answer to one is the answer to the other. */
export function isSameWork(one: Offer, other: Offer): boolean {
  return canonicalJson(workOf(one)) === canonicalJson(workOf(other));
}

const workOf = ({ kind, workJson, partJson, stateKey, stateFrom, draw, inputs }: Offer) => ({
  kind,
  stateKey,
  stateFrom,
  workJson,
  partJson,
  draw,
  inputs: Object.fromEntries(inputs.map(({ name, blob }) => [name, blob.sha256])),
});

const tensorSchema = z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.int().min(0)) });

/** The answer to an assignment, durable before its first byte leaves. */
export const answerSchema = z.object({
  opId: z.string().min(1),
  samples: z.int().min(0),
  metrics: z.record(z.string(), z.number()),
  /** The update's bytes in the outbox; not there for work that has none. */
  update: blobSchema.optional(),
  /** The value exactly as it leaves; not there for work that has none. */
  valueJson: z.string().optional(),
  /** Opaque; another one when the rows that the work read have changed. Not there for work that reads none. */
  dataVersion: z.string().optional(),
  /** The answer that the work's state was read after; not there for work without one. */
  stateFrom: z.string().optional(),
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
