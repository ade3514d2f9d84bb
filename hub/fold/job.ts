import type { AnswerFacts } from "#aggregation/strategies/strategy.js";
import type { Groups } from "#aggregation/tensors/groups.js";
import type { Bytes } from "#hub/blobs/reader.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";

/** One answer of a fold. */
export interface FoldInput extends AnswerFacts {
  readonly bytes: Bytes | undefined;
  /** The answer's JSON value; null for none. */
  readonly value: Json;
  /** The model that it was made from, where that is not the one of all: in a stream. */
  readonly base?: Bytes;
}

/**
 * What is to be made of many answers: plain data, which goes to a thread as it is. The order of `answers` is that of the sites' ids,
 * in a stream that of their arrival: rows, never time. The same job gives the same bytes.
 */
export interface FoldJob {
  /** The name of a folder, see `folders.ts`: a strategy, an exact sum, an initial model. */
  readonly folder: string;
  readonly options: Json;
  readonly answers: readonly FoldInput[];
  /** The tensors of every answer, by group, the model first; empty where the answers have none. */
  readonly groups: Groups;
  /**
   * Blobs besides the answers, by name. For a strategy: `base`, the model that the round began with, and `server`, what the fold of the
   * round before has put out by that name; without it the server begins anew.
   */
  readonly with: Readonly<Record<string, Bytes>>;
  /** Answers in the fold, and sites that could have given one. */
  readonly sites: number;
  readonly population: number;
  /** Large outputs are written to `<outPath>.<output>`; small ones come back inline. */
  readonly outPath: string;
}

/** A blob that a fold has made: its bytes where they are few, else in the file that the job named, not synced yet. */
export type FoldedBlob = BlobRef & ({ readonly inline: Uint8Array } | { readonly path: string });

/** What comes of a fold. */
export interface FoldDone {
  /** Of a strategy: `model` and, where the server keeps something, `server`. */
  readonly blobs: Readonly<Record<string, FoldedBlob>>;
  readonly figures: Readonly<Record<string, number>>;
  /** Small JSON: sums, chosen places; null for none. */
  readonly value: Json;
}
