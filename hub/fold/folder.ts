import type { FoldDone, FoldJob } from "./job.js";
import type { Sources } from "./sources.js";

/** What a pass over all answers has come to: one that measures, for the next pass. Goes to threads as it is. */
export type Step = { readonly again: unknown } | { readonly go: unknown };

/** How a pass ends. */
export type PassEnd = { readonly step: Step } | { readonly done: FoldDone };

/** What the thread that leads does with the tiles of a pass. */
export interface Leading {
  /** Takes the next tile; they come in order. It must not be kept. */
  use(tile: Uint8Array, index: number): void;
  finish(): PassEnd;
  /** Throws away what is not finished. */
  abandon(): void;
}

/** One pass over all answers, as one thread sees it. Tiles can be made in any order, by several threads. */
export interface Pass {
  readonly tiles: number;
  /** Its tiles are too large to be shared: the thread that leads makes them all. */
  readonly alone?: boolean;
  /** The bytes of a tile; good until the next call. */
  tile(index: number): Uint8Array;
  /** For the one thread that uses them. */
  lead(): Leading;
}

interface FolderBase {
  /** What a job names. */
  readonly name: string;
  /** Grows when the same job gives other bytes; stands in the row of the fold. */
  readonly revision: number;
}

/** A unit of the pool whose work several threads share, tile by tile; in one pass or, step by step, in some. */
export interface SharedFolder extends FolderBase {
  pass(job: FoldJob, step: Step | undefined, sources: Sources): Pass;
}

/** A unit of the pool that one thread does by itself. */
export interface SingleFolder extends FolderBase {
  run(job: FoldJob): FoldDone;
}

/** A unit of the pool. */
export type Folder = SharedFolder | SingleFolder;
