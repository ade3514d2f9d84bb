import { type Assignment, isOpen } from "#hub/assignments/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { moveRound } from "#hub/store/rounds.js";
import { ComityError } from "#kernel/errors.js";
import type { WorkKind } from "#proto/codec/work.js";
import { judge, type Round } from "./model.js";
import { findOverdue } from "./overdue.js";
import type { Next, RoundParts } from "./parts.js";
import { neededToEnd } from "./quorum.js";
import type { Training } from "./training.js";

/** Waits for the updates; fixes their set when no more are to come. Throws `QUORUM_LOST`. */
export async function collect(parts: RoundParts, training: Training, round: Round): Promise<Next> {
  const { runId, round: number } = round;
  const { assignments, untilMs } = await supervise(parts, training, round, "train");
  if (!isAnswered(training, round, assignments)) return { untilMs };
  return parts.store.write(async (tx): Promise<Next> => {
    // Once more, for a site may have come back meanwhile: no answer may come in after the set is fixed.
    const now = await assignmentsOfRound(tx.db, runId, number, "train");
    if (now.some(({ state }) => isOpen(state))) return "reload";
    const moved = await moveRound(tx.db, runId, number, "collecting", { state: "aggregating" });
    return moved ? { round: { ...round, state: "aggregating" } } : "reload";
  });
}

/** Whether all has been said, and by enough sites. Throws `QUORUM_LOST` as soon as too few are left. */
export function isAnswered(
  { quorum }: Training,
  { round }: Round,
  assignments: readonly Assignment[],
): boolean {
  const judgement = judge(assignments, neededToEnd(quorum, assignments.length));
  if (judgement.verdict !== "fail") return judgement.verdict === "aggregate";
  throw new ComityError("QUORUM_LOST", `Round ${round} cannot reach its quorum: ${judgement.text}`);
}

/** Gives up on what is late or has vanished. Returns the round's assignments of a kind, and when the next will run out of time. */
export async function supervise(
  parts: RoundParts,
  { graceMs, deadlineMs }: Training,
  { runId, round }: Round,
  kind: WorkKind,
): Promise<{ readonly assignments: readonly Assignment[]; readonly untilMs: number | undefined }> {
  const { store, presence, clock, startedAtMs } = parts;
  const offlineSinceMs = ({ site }: Assignment) => presence.offlineSinceMs(site);
  for (;;) {
    const assignments = await assignmentsOfRound(store.db, runId, round, kind);
    const overdue = findOverdue(assignments, offlineSinceMs, graceMs, startedAtMs + graceMs, clock.nowMs());
    const { late, vanished, nextDueMs } = overdue;
    if (late.length + vanished.length === 0) return { assignments, untilMs: nextDueMs };
    await store.write(async (tx) => {
      for (const assignment of late) {
        const text = `${assignment.site} did not deliver within the deadline of ${deadlineMs / 1000} s.`;
        await parts.assignments.giveUp(tx, assignment, "late", "SITE_TOO_SLOW", text);
      }
      for (const assignment of vanished) {
        const text = `${assignment.site} went away and did not come back within ${graceMs / 1000} s.`;
        await parts.assignments.giveUp(tx, assignment, "vanished", "SITE_VANISHED", text);
      }
    });
  }
}
