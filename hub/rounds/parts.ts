import type { BlobRef } from "#hub/assignments/model.js";
import type { Assignments } from "#hub/assignments/service.js";
import type { Retention } from "#hub/blobs/retention.js";
import type { BlobStore } from "#hub/blobs/store.js";
import type { Presence } from "#hub/sites/presence.js";
import { insertAssignments } from "#hub/store/assignments.js";
import { insertModelVersion } from "#hub/store/models.js";
import type { Store, Tx } from "#hub/store/store.js";
import type { RunEnding } from "#hub/workflow/ending.js";
import type { RunJournal } from "#hub/workflow/journal.js";
import type { Clock } from "#kernel/clock.js";
import { assignmentId, type RunId, type SiteId } from "#kernel/ids.js";
import type { WorkKind } from "#proto/codec/work.js";
import type { Aggregator } from "./aggregator.js";
import type { Round } from "./model.js";
import type { Training } from "./training.js";
import type { Trainings } from "./trainings.js";

/** What the steps of a round work with. */
export interface RoundParts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly retention: Retention;
  readonly presence: Presence;
  readonly journal: RunJournal;
  readonly ending: RunEnding;
  readonly assignments: Assignments;
  readonly trainings: Trainings;
  readonly aggregator: Aggregator;
  readonly clock: Clock;
  /** When this hub process began to serve. */
  readonly startedAtMs: number;
}

/** What a step leads to: look again at once, look again at news (or at a time), or over. */
export type Next = "again" | "ended" | { readonly untilMs: number | undefined };

/** Gives each site its assignment of a round, and pushes it after the commit. */
export async function assign(
  parts: RoundParts,
  tx: Tx,
  kind: WorkKind,
  sites: readonly SiteId[],
  round: Pick<Round, "runId" | "round" | "base" | "deadlineAtMs">,
): Promise<void> {
  const { runId, base, deadlineAtMs } = round;
  const fresh = sites.map((site) => {
    const id = assignmentId(runId, round.round, kind, site);
    return { id, runId, round: round.round, kind, site, base, deadlineAtMs };
  });
  const assignments = await insertAssignments(tx.db, fresh, parts.clock.nowMs());
  tx.afterCommit(() => {
    for (const assignment of assignments) void parts.assignments.push(assignment);
  });
}

/** Adds the next version of the training's model. */
export async function saveModel(
  parts: RoundParts,
  tx: Tx,
  training: Training,
  version: { runId: RunId; round: number; blob: BlobRef; sites: number },
): Promise<void> {
  const { name: model, layers } = training;
  const createdAtMs = parts.clock.nowMs();
  await insertModelVersion(tx.db, { ...version, model, createdAtMs, layers: JSON.stringify(layers) });
}
