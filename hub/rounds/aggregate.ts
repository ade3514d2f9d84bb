import { weightedMetrics } from "#aggregation/statistics/weighted.js";
import type { Assignment, BlobRef } from "#hub/assignments/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { moveRound } from "#hub/store/rounds.js";
import type { Sha256 } from "#kernel/ids.js";
import { counted } from "#kernel/words.js";
import { completeRound } from "./complete.js";
import type { Round } from "./model.js";
import { assign, type Next, type RoundParts, saveModel } from "./parts.js";
import type { Training } from "./training.js";

/** Folds the updates in the order of their site ids into the new model, and has it evaluated. */
export async function aggregate(parts: RoundParts, training: Training, round: Round): Promise<Next> {
  const { store, journal, retention, clock } = parts;
  const { runId, round: number } = round;
  const assignments = await assignmentsOfRound(store.db, runId, number, "train");
  const delivered = assignments
    .filter(({ state }) => state === "delivered")
    .sort((a, b) => (a.site < b.site ? -1 : 1));
  const model = await makeModel(parts, training, round, delivered);
  const nowMs = clock.nowMs();
  const sites = delivered.map(({ site }) => site);
  const samples = delivered.reduce((sum, assignment) => sum + assignment.samples, 0);
  const metrics = trainingMetrics(delivered);
  const evaluates = training.plan.evaluation === "sites";
  await store.write(async (tx) => {
    await recordBlob(tx.db, model, nowMs);
    const end = evaluates
      ? { state: "evaluating" as const }
      : { state: "completed" as const, endedAtMs: nowMs };
    if (!(await moveRound(tx.db, runId, number, "aggregating", { ...end, model, samples, metrics }))) return;
    await saveModel(parts, tx, training, { runId, round: number, blob: model, sites: sites.length });
    await retention.releaseRound(tx, runId, number);
    const text = `Round ${number}: ${counted(sites.length, "update")} from ${samples} rows make the new model.`;
    const data = { sites, samples, model: model.sha256 };
    journal.append(tx, { runId, type: "round.aggregated", round: number, text, data });
    if (evaluates) {
      const deadlineAtMs = nowMs + training.plan.deadline;
      await assign(parts, tx, "evaluate", sites, { runId, round: number, base: model, deadlineAtMs });
    } else completeRound(parts, tx, training, { ...round, samples, metrics }, assignments);
  });
  return "again";
}

async function makeModel(
  { blobs, aggregator }: RoundParts,
  { tensors }: Training,
  { runId, round }: Round,
  delivered: readonly Assignment[],
): Promise<BlobRef> {
  const inputs: { path: string; weight: number }[] = [];
  for (const { update, samples } of delivered) {
    if (update !== undefined) inputs.push({ path: await blobs.localPath(update.sha256), weight: samples });
  }
  const outPath = blobs.scratchPath(`model-${runId}-${round}`);
  const { sha256, sizeBytes } = await aggregator.aggregate({ inputs, tensors, outPath });
  const model: BlobRef = { sha256: sha256 as Sha256, sizeBytes };
  await blobs.adopt(outPath, model.sha256);
  return model;
}

/** The sites' training metrics under `train_…`, so that they are not taken for the evaluation's. */
function trainingMetrics(delivered: readonly Assignment[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(weightedMetrics(delivered)).map(([name, value]) => [`train_${name}`, value]),
  );
}
