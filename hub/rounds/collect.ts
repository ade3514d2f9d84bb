import { type Assignment, isOpen } from "#hub/assignments/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { moveRound } from "#hub/store/rounds.js";
import { ComityError } from "#kernel/errors.js";
import { judge, type Round } from "./model.js";
import { findOverdue } from "./overdue.js";
import type { Next, RoundParts } from "./parts.js";
import type { Training } from "./training.js";

/** Waits for the updates; fixes their set when no more are to come. Throws `QUORUM_LOST`. */
export async function collect(parts: RoundParts, training: Training, round: Round): Promise<Next> {
  const { store } = parts;
  const { runId, round: number } = round;
  const assignments = await assignmentsOfRound(store.db, runId, number, "train");
  const waiting = await supervise(parts, training, assignments);
  if (waiting === "again") return "again";
  const verdict = judge(assignments, training.plan.quorum.min ?? assignments.length);
  switch (verdict.verdict) {
    case "wait":
      return waiting;
    case "fail":
      throw new ComityError("QUORUM_LOST", `Round ${number} cannot reach its quorum: ${verdict.text}`);
    case "aggregate":
      await store.write(async (tx) => {
        // Once more, for a site may have come back meanwhile: no answer may come in after the set is fixed.
        const now = await assignmentsOfRound(tx.db, runId, number, "train");
        if (now.some(({ state }) => isOpen(state))) return;
        await moveRound(tx.db, runId, number, "collecting", { state: "aggregating" });
      });
      return "again";
  }
}

/** Gives up on what is late or has vanished; else says until when to wait (undefined: nothing is open). */
export async function supervise(
  parts: RoundParts,
  training: Training,
  assignments: readonly Assignment[],
): Promise<"again" | { readonly untilMs: number | undefined }> {
  const { store, presence, clock, startedAtMs } = parts;
  const { grace: graceMs, deadline: deadlineMs } = training.plan;
  const offlineSinceMs = ({ site }: Assignment) => presence.offlineSinceMs(site);
  const notBeforeMs = startedAtMs + graceMs;
  const overdue = findOverdue(assignments, offlineSinceMs, graceMs, notBeforeMs, clock.nowMs());
  const { late, vanished, nextDueMs } = overdue;
  if (late.length + vanished.length === 0) return { untilMs: nextDueMs };
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
  return "again";
}
