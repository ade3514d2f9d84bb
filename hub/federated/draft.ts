import type { Assignment } from "#hub/assignments/model.js";
import type { SitePart, Stage } from "#hub/assignments/stage.js";
import type { FoldedBlob } from "#hub/fold/job.js";
import type { NewStage } from "#hub/store/stages.js";
import type { LimitKey } from "#hub/workflow/engine/limits.js";
import type { SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Folded } from "./round.js";
import type { Begun, FoldSpec, Turn } from "./script.js";

/** An assignment of a stage that opens, or of a stream that goes on. */
export interface Issue {
  readonly site: SiteId;
  readonly part: SitePart;
}

/** A stage that opens; the number of its round is given with the commit. */
export interface Opening {
  readonly stage: Omit<NewStage, "round">;
  readonly issues: readonly Issue[];
  /** Limits that its sites fall under. */
  readonly keys: readonly LimitKey[];
}

/** A fold that is done, and not written yet. */
export interface NewFold {
  readonly spec: FoldSpec;
  readonly result: Folded;
  readonly blobs: readonly FoldedBlob[];
}

/** All that the driver writes at once. */
export class Draft {
  readonly overdue: {
    readonly assignment: Assignment;
    readonly state: "late" | "vanished";
    readonly text: string;
  }[] = [];
  readonly closes: { readonly stage: Stage; readonly short: boolean; readonly closedAtMs: number }[] = [];
  readonly folds: NewFold[] = [];
  readonly opens: Opening[] = [];
  /** More work of a stream. */
  readonly issues: { readonly stage: Stage; readonly issues: readonly Issue[] }[] = [];
  /** The first state. */
  begun: Begun<unknown> | undefined;
  /** The state as a newer revision of the script has it. */
  upgrade: { readonly revision: number; readonly state: unknown } | undefined;
  /** What the round has come to. */
  turn: Turn<unknown, Json> | undefined;

  /** The same without the stages that it opens. */
  withoutOpens(): Draft {
    return Object.assign(new Draft(), this, { opens: [] });
  }

  get isEmpty(): boolean {
    const { overdue, closes, folds, opens, issues, begun, upgrade, turn } = this;
    const written = overdue.length + closes.length + folds.length + opens.length + issues.length;
    return written === 0 && begun === undefined && upgrade === undefined && turn === undefined;
  }
}
