import type { BlobRef } from "#kernel/refs.js";
import type { Assignments } from "#hub/assignments/service.js";
import type { Retention } from "#hub/blobs/retention.js";
import type { BlobStore } from "#hub/blobs/store.js";
import type { Presence } from "#hub/sites/presence.js";
import { insertAssignments } from "#hub/store/assignments.js";
import { insertModelVersion } from "#hub/store/models.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import type { Limits } from "#hub/workflow/engine/limits.js";
import type { RunFeed } from "#hub/runs/feed.js";
import type { Clock } from "#kernel/clock.js";
import { assignmentId, type SiteId } from "#kernel/ids.js";
import type { WorkKind } from "#proto/codec/work.js";
import type { Aggregator } from "#hub/fold/aggregator.js";
import type { Round } from "./model.js";
import type { Training } from "./training.js";
import type { Trainings } from "./trainings.js";

/** What the steps of a round work with. */
export interface RoundParts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly retention: Retention;
  readonly presence: Presence;
  readonly feed: RunFeed;
  readonly assignments: Assignments;
  readonly trainings: Trainings;
  readonly aggregator: Aggregator;
  readonly limits: Pick<Limits, "acquire" | "holds" | "freed" | "news">;
  readonly clock: Clock;
  /** When this hub process began to serve. */
  readonly startedAtMs: number;
}

/** Until when to look again; undefined: only at news. */
interface Wait {
  readonly untilMs: number | undefined;
  /** News besides those of the run. */
  readonly news?: Promise<void>;
}

/** What a step leads to: a round at its next stage, a wait, or a look into the store: others have moved the round. */
export type Next = { readonly round: Round } | Wait | "reload";

/** Gives each site its assignment of a round, and pushes it after the commit. */
export async function assign(
  parts: RoundParts,
  tx: Tx,
  kind: WorkKind,
  sites: readonly SiteId[],
  round: Pick<Round, "runId" | "effect" | "round" | "base" | "deadlineAtMs">,
): Promise<void> {
  const { runId, effect, base, deadlineAtMs } = round;
  const fresh = sites.map((site) => {
    const id = assignmentId(runId, round.round, kind, site);
    return { id, runId, effect, round: round.round, kind, site, base, deadlineAtMs };
  });
  const assignments = await insertAssignments(tx.db, fresh, parts.clock.nowMs());
  tx.afterCommit(() => {
    for (const assignment of assignments) void parts.assignments.push(assignment);
  });
}

/** Adds the next version of the training's model, made from `base`. */
export async function saveModel(
  parts: RoundParts,
  tx: Tx,
  training: Training,
  version: { round: number; blob: BlobRef; base: BlobRef | undefined; sites: number },
): Promise<void> {
  const { name: model, layers, runId } = training;
  const createdAtMs = parts.clock.nowMs();
  await insertModelVersion(tx.db, { ...version, runId, model, createdAtMs, layers: JSON.stringify(layers) });
}

/** How many rounds the run has when this call is done; undefined where a call is of one round, for nobody knows how many follow. */
export const roundsInAll = (
  { kind, rounds }: Training,
  { round, position }: Pick<Round, "round" | "position">,
) => (kind === "train" ? round - position + rounds : undefined);
