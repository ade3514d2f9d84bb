import type { Assignments } from "#hub/assignments/service.js";
import { closeAssignments } from "#hub/store/assignments.js";
import { failOpenRounds } from "#hub/store/rounds.js";
import { endRun } from "#hub/store/runs.js";
import type { Tx } from "#hub/store/store.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import type { RunJournal } from "./journal.js";

/** How runs end: once, in one transaction with all that hangs on them. */
export class RunEnding {
  readonly #journal: RunJournal;
  readonly #assignments: Assignments;
  readonly #clock: Clock;

  constructor(journal: RunJournal, assignments: Assignments, clock: Clock) {
    this.#journal = journal;
    this.#assignments = assignments;
    this.#clock = clock;
  }

  /** The run has done what it was for; false when it had ended before. */
  async complete(tx: Tx, runId: RunId, text: string, data: Record<string, unknown>): Promise<boolean> {
    if (!(await endRun(tx.db, runId, { state: "completed" }, this.#clock.nowMs()))) return false;
    this.#journal.append(tx, { runId, type: "run.completed", text, data });
    return true;
  }

  /** The run ends without its result: its open assignments are closed, and stopped at the sites; false when it had ended before. */
  async abandon(
    tx: Tx,
    runId: RunId,
    state: "failed" | "cancelled",
    code: string,
    text: string,
  ): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    if (!(await endRun(tx.db, runId, { state, errorCode: code, errorText: text }, nowMs))) return false;
    const closed = await closeAssignments(tx.db, runId, "cancelled", { code, text });
    await failOpenRounds(tx.db, runId, nowMs);
    this.#journal.append(tx, { runId, type: `run.${state}`, text, data: { code } });
    tx.afterCommit(() => this.#assignments.cancel(closed, text));
    return true;
  }
}
