import { assignmentsOfRound } from "#hub/store/assignments.js";
import { versionOfRound } from "#hub/store/models.js";
import { firstRound } from "#hub/store/rounds.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import { outcome } from "./complete.js";
import type { Round } from "./model.js";
import type { RoundParts } from "./parts.js";
import type { Training } from "./training.js";

/** The output of a call whose last round is complete, from the store alone. */
export async function outputOf({ store }: RoundParts, training: Training, last: Round): Promise<Json> {
  const { runId, round, metrics, samples } = last;
  const { sites, left } = outcome(training, await assignmentsOfRound(store.db, runId, round));
  if (training.kind === "evaluate") return { metrics, samples, sites, left };
  const version = await versionOfRound(store.db, runId, round);
  if (version === undefined)
    throw new ComityError("INTERNAL", `Round ${round} is complete without a model version.`);
  const { sha256, sizeBytes: bytes } = version.blob;
  const model = { name: version.model, version: version.version, sha256, bytes };
  if (training.kind === "round") return { model, round, metrics, samples, sites, left };
  const first = (await firstRound(store.db, training)) ?? last;
  const seconds = ((last.endedAtMs ?? last.startedAtMs) - first.startedAtMs) / 1000;
  return { model, rounds: last.position, metrics, samples, sites, seconds };
}
