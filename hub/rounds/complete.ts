import { weightedMetrics } from "#aggregation/statistics/weighted.js";
import type { Assignment } from "#hub/assignments/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { setModelMetrics } from "#hub/store/models.js";
import { moveRound } from "#hub/store/rounds.js";
import type { Tx } from "#hub/store/store.js";
import type { Run } from "#hub/workflow/model.js";
import { supervise } from "./collect.js";
import type { Round } from "./model.js";
import type { Next, RoundParts } from "./parts.js";
import type { Training } from "./training.js";

/** Waits for what the sites measure of the new model; a site that cannot tell is left out. */
export async function evaluate(parts: RoundParts, training: Training, round: Round): Promise<Next> {
  const { store, clock } = parts;
  const { runId, round: number } = round;
  const assignments = await assignmentsOfRound(store.db, runId, number);
  const evaluations = assignments.filter(({ kind }) => kind === "evaluate");
  const waiting = await supervise(parts, training, evaluations);
  if (waiting === "again") return "again";
  if (waiting.untilMs !== undefined) return waiting;
  const delivered = evaluations.filter(({ state }) => state === "delivered");
  const metrics = { ...round.metrics, ...weightedMetrics(delivered) };
  await store.write(async (tx) => {
    const end = { state: "completed" as const, metrics, endedAtMs: clock.nowMs() };
    if (!(await moveRound(tx.db, runId, number, "evaluating", end))) return;
    await setModelMetrics(tx.db, runId, number, metrics);
    completeRound(parts, tx, training, { ...round, metrics }, assignments);
  });
  return "again";
}

/** Says what the round has come to, and who was left out for what reason. */
export function completeRound(
  { journal, clock }: RoundParts,
  tx: Tx,
  training: Training,
  { runId, round, startedAtMs, samples, metrics }: Round,
  assignments: readonly Assignment[],
): void {
  const trained = assignments.filter(({ kind }) => kind === "train");
  const sites = trained.filter(({ state }) => state === "delivered").map(({ site }) => site);
  const left = assignments.flatMap(({ site, state, kind, reason }) =>
    state === "delivered" ? [] : [{ site, kind, state, reason: reason ?? state }],
  );
  const seconds = (clock.nowMs() - startedAtMs) / 1000;
  const { rounds } = training.plan;
  const data = { sites, of: trained.length, rounds, samples, metrics, seconds, left };
  const text = `Round ${round} is complete: ${sites.length} of ${trained.length} sites, ${samples} rows.`;
  journal.append(tx, { runId, type: "round.completed", round, text, data });
}

/** All rounds are done: so is the run. */
export async function completeRun(
  { store, ending, clock }: RoundParts,
  run: Run,
  training: Training,
  last: Round,
): Promise<Next> {
  const seconds = (clock.nowMs() - run.startedAtMs) / 1000;
  const data = { rounds: last.round, metrics: last.metrics, model: last.model?.sha256, seconds };
  const text = `${training.name} is complete after ${last.round} rounds.`;
  await store.write((tx) => ending.complete(tx, run.id, text, data));
  return "ended";
}
