import type { SiteId } from "#kernel/ids.js";
import type { Json, JsonObject } from "#kernel/json.js";
import type { BlobRef, CallRef } from "#kernel/refs.js";

/** Names a stage: the row of one ask of a script. */
export interface StageKey extends CallRef {
  /** The round of its call, from 1; 0 for what is asked before the first one, and for streams. */
  readonly position: number;
  readonly stage: string;
}

/**
 * What becomes of the answers.
 * - `together`: single answers are folded, and never shown;
 * - `each`: whoever may see the output of the call may see each site's answer;
 * - `participants`: bytes of one site go to others of the stage.
 */
export type Release = "together" | "each" | "participants";

/** When a stage is over, and what becomes of it when too few have answered. */
export interface Rule {
  /** Sites that must answer; without it and `fraction`, all that were asked. */
  readonly min?: number;
  /** Share of the sites that were asked, which must answer. */
  readonly fraction?: number;
  /** `fail`: the call fails. `proceed`: one answer is enough. `tell`: what there is; the script decides. */
  readonly onShort: "fail" | "proceed" | "tell";
  /** Sites that must stand behind whatever is let out of the answers. */
  readonly atLeast: number;
  readonly release: Release;
  /** How long it waits for enough sites to be there before it opens. */
  readonly waitMs: number;
  readonly deadlineMs: number;
  /** How long a site that has vanished is waited for. */
  readonly graceMs: number;
}

/** What the work has besides for one site alone. */
export interface SitePart {
  readonly body?: JsonObject;
  readonly inputs?: Inputs;
}

/** The blobs that a work is given, by the names that its kind declares. */
export type Inputs = Readonly<Record<string, BlobRef>>;

/** A site that was not asked, and the rule that kept it out. */
export interface Unasked {
  readonly site: SiteId;
  readonly reason: string;
}

/** Where a stage stands: `failed` when its call has ended without it. */
type StageStatus = "open" | "closed" | "failed";

/** One kind of work, asked of some sites. The row wins: whoever plays the script again finds the stage by its name, as it was sent. */
export interface Stage extends StageKey {
  /** The number of the round for people; 0 where there is none. */
  readonly round: number;
  readonly kind: string;
  /** The work as it is sent: the body in the oldest form that says the same, and the kind's name as `kind`. */
  readonly work: Json;
  readonly inputs: Inputs;
  /** The name of the state that the sites keep for it. */
  readonly siteState: string | undefined;
  readonly rule: Rule;
  readonly status: StageStatus;
  readonly unasked: readonly Unasked[];
  /** Sites that fitted when it opened. */
  readonly population: number;
  readonly openedAtMs: number;
  readonly closedAtMs: number | undefined;
  /** It has fallen short of its rule. */
  readonly short: boolean;
  /** Grows with each change of one of its assignments, in that transaction: closing compares it, a stream counts by it. */
  readonly changes: number;
  /** Assignments that are open: the driver of a barrier is woken at 0, and not by each answer. */
  readonly waiting: number;
  /** Of a stream: sites at work at the same time; 0 for a barrier. */
  readonly concurrency: number;
  /** No line for people for each answer; what goes wrong is told all the same. */
  readonly quiet: boolean;
}
