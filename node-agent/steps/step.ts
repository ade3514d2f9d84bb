import type { SiteId } from "#kernel/ids.js";
import type { Work } from "#proto/codec/work.js";

/** What a step may know of the assignment that it works on. */
export interface StepContext {
  readonly site: SiteId;
  readonly round: number;
  /** Scratch folder of this assignment. */
  readonly directory: string;
  /** The base model, a safetensors file. */
  readonly basePath: string;
  /** Fires when the work is no longer wanted; the step then ends soon, with an error. */
  readonly signal: AbortSignal;
  /** Tells how far the work is: 0 to 1, and a few words such as `epoch 2 of 5`. */
  progress(fraction: number, text: string): void;
}

/** What a step hands back. */
export interface StepAnswer {
  /** Rows that the answer stands for. */
  readonly samples: number;
  /** Finite numbers only, for example `loss`. */
  readonly metrics: Record<string, number>;
  /** A safetensors file in `directory`, closed but not yet synced. */
  readonly updatePath?: string;
}

/** One kind of work. It throws a ComityError when it cannot be done. */
export interface Step<W extends Work = Work> {
  readonly kind: W["kind"];
  run(work: W, context: StepContext): Promise<StepAnswer>;
}
