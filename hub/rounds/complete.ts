import { weightedMetrics } from "#aggregation/statistics/weighted.js";
import type { Assignment } from "#hub/assignments/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { setModelMetrics } from "#hub/store/models.js";
import { moveRound } from "#hub/store/rounds.js";
import type { Tx } from "#hub/store/tx.js";
import { isAnswered, supervise } from "./collect.js";
import type { Round } from "./model.js";
import { type Next, type RoundParts, roundsInAll } from "./parts.js";
import type { Training } from "./training.js";

/**
 * Waits for what the sites measure of the model. After a training a site that cannot tell is left out; where the measuring is
 * all that is asked, the quorum decides: throws `QUORUM_LOST`.
 */
export async function evaluate(parts: RoundParts, training: Training, round: Round): Promise<Next> {
  const { store, clock } = parts;
  const { runId, round: number } = round;
  const { assignments: evaluations, untilMs } = await supervise(parts, training, round, "evaluate");
  const isOnlyTask = training.kind === "evaluate";
  if (isOnlyTask ? !isAnswered(training, round, evaluations) : untilMs !== undefined) return { untilMs };
  const delivered = evaluations.filter(({ state }) => state === "delivered");
  const metrics = { ...round.metrics, ...weightedMetrics(delivered) };
  const samples = isOnlyTask ? rowsOf(delivered) : round.samples;
  const completed: Round = { ...round, state: "completed", metrics, samples, endedAtMs: clock.nowMs() };
  const trained = isOnlyTask ? [] : await assignmentsOfRound(store.db, runId, number, "train");
  return store.write(async (tx): Promise<Next> => {
    if (!(await moveRound(tx.db, runId, number, "evaluating", completed))) return "reload";
    if (!isOnlyTask) await setModelMetrics(tx.db, runId, number, metrics);
    completeRound(parts, tx, training, completed, [...trained, ...evaluations]);
    return { round: completed };
  });
}

/** Says what the round has come to, and who was left out for what reason. */
export function completeRound(
  { feed, clock }: RoundParts,
  tx: Tx,
  training: Training,
  round: Round,
  assignments: readonly Assignment[],
): void {
  const { runId, startedAtMs, samples, metrics } = round;
  const asked = assignments.filter(({ kind }) => kind === mainWork(training)).length;
  const { sites, left } = outcome(training, assignments);
  const seconds = (clock.nowMs() - startedAtMs) / 1000;
  const rounds = roundsInAll(training, round);
  const data = { sites, of: asked, ...(rounds !== undefined && { rounds }), samples, metrics, seconds, left };
  const text = `Round ${round.round} is complete: ${sites.length} of ${asked} sites, ${samples} rows.`;
  feed.append(tx, { runId, type: "round.completed", round: round.round, text, data });
}

/** Whose work is in the result of a round, and who was left out for what reason. */
export function outcome(training: Training, assignments: readonly Assignment[]) {
  const sites = assignments
    .filter(({ kind, state }) => kind === mainWork(training) && state === "delivered")
    .map(({ site }) => site);
  const left = assignments.flatMap(({ site, state, kind, reason }) =>
    state === "delivered" ? [] : [{ site, kind, state, reason: reason ?? state }],
  );
  return { sites, left };
}

/** Rows that answers stand for together. */
export const rowsOf = (delivered: readonly Assignment[]): number =>
  delivered.reduce((sum, { samples }) => sum + samples, 0);

const mainWork = ({ kind }: Training) => (kind === "evaluate" ? "evaluate" : "train");
