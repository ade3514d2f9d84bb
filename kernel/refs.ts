import type { RunId, Sha256 } from "./ids.js";

/** Names an effect within its run, given out in order: `e1`, `e2`… The first call of a run is always `e1`. */
export type EffectId = `e${number}`;

/** One call of a function by a task of a run: the same for every attempt at it, also after the hub was killed. */
export interface CallRef {
  readonly runId: RunId;
  readonly effect: EffectId;
}

/** A digest and a size: a blob as rows and messages name it. */
export interface BlobRef {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/**
 * A blob of at most this many bytes lies in the database, in the transaction of what names it, and travels in the message that
 * names it: no file, no staging, no stream.
 */
export const inlineBytes = 64 * 1024;

/** Whether a blob is small enough for {@link inlineBytes}. */
export const isInline = ({ sizeBytes }: BlobRef): boolean => sizeBytes <= inlineBytes;
