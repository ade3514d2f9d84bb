import type { BlobRef } from "#kernel/refs.js";
import { weightedMetrics } from "#aggregation/statistics/weighted.js";
import type { Assignment } from "#hub/assignments/model.js";
import { assignmentsOfRound } from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { moveRound } from "#hub/store/rounds.js";
import type { Sha256 } from "#kernel/ids.js";
import { counted } from "#kernel/words.js";
import { completeRound, rowsOf } from "./complete.js";
import type { Round } from "./model.js";
import { assign, type Next, type RoundParts, saveModel } from "./parts.js";
import type { Training } from "./training.js";

/** Folds the updates in the order of their site ids into the new model, and has it evaluated. */
export async function aggregate(parts: RoundParts, training: Training, round: Round): Promise<Next> {
  const { store, feed, retention, clock } = parts;
  const { runId, effect, round: number, base } = round;
  const assignments = await assignmentsOfRound(store.db, runId, number, "train");
  const delivered = assignments
    .filter(({ state }) => state === "delivered")
    .sort((a, b) => (a.site < b.site ? -1 : 1));
  const model = await makeModel(parts, training, round, delivered);
  const nowMs = clock.nowMs();
  const sites = delivered.map(({ site }) => site);
  const made = { ...round, model, samples: rowsOf(delivered), metrics: trainingMetrics(delivered) };
  const { samples } = made;
  const next: Round = training.evaluates
    ? { ...made, state: "evaluating" }
    : { ...made, state: "completed", endedAtMs: nowMs };
  return store.write(async (tx): Promise<Next> => {
    await recordBlob(tx.db, model, nowMs);
    if (!(await moveRound(tx.db, runId, number, "aggregating", next))) return "reload";
    await saveModel(parts, tx, training, { round: number, blob: model, base, sites: sites.length });
    await retention.releaseRound(tx, runId, number);
    const text = `Round ${number}: ${counted(sites.length, "update")} from ${samples} rows make the new model.`;
    const data = { sites, samples, model: model.sha256 };
    feed.append(tx, { runId, type: "round.aggregated", round: number, text, data });
    if (training.evaluates) {
      const deadlineAtMs = nowMs + training.deadlineMs;
      await assign(parts, tx, "evaluate", sites, { runId, effect, round: number, base: model, deadlineAtMs });
    } else completeRound(parts, tx, training, next, assignments);
    return { round: next };
  });
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
