import type { Json } from "#kernel/json.js";
import type { BlobRef, CallRef } from "#kernel/refs.js";

/** Where a round stands; `void`: it has come to nothing, and the next one begins with the same. */
export type RoundStatus = "open" | "completed" | "failed" | "void";

/** One pass of a script, as people count them. */
export interface Round extends CallRef {
  /** Counted over the whole run. */
  readonly round: number;
  /** Its place among the rounds of its call, from 1. */
  readonly position: number;
  /** Of the script that makes it: it ends by the one that began it. */
  readonly revision: number;
  readonly status: RoundStatus;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  /** The model that it begins with, and the one that it has made, where it is about a model. */
  readonly base: BlobRef | undefined;
  readonly model: BlobRef | undefined;
  /** Rows that its answers stand for. */
  readonly samples: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Sites whose answers are in it. */
  readonly sites: number;
}

/** What a fold has come to: blobs by their names, figures, and small JSON. */
export interface Folded {
  readonly is: "folded";
  readonly blobs: Readonly<Record<string, BlobRef>>;
  readonly figures: Readonly<Record<string, number>>;
  readonly value: Json;
}
