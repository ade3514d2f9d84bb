import type { BlobRef } from "#hub/assignments/model.js";
import { type Selection, selectSites } from "#hub/routing/select.js";
import type { Presence } from "#hub/sites/presence.js";
import { recordBlob } from "#hub/store/blobs.js";
import { insertRound } from "#hub/store/rounds.js";
import { listSites } from "#hub/store/sites.js";
import type { Run } from "#hub/workflow/model.js";
import { ComityError } from "#kernel/errors.js";
import type { Sha256, SiteId } from "#kernel/ids.js";
import { counted, listWords } from "#kernel/words.js";
import { assign, type Next, type RoundParts, saveModel } from "./parts.js";
import type { Training } from "./training.js";

/** Makes the initial model and begins round 1 from it. */
export async function beginFirstRound(parts: RoundParts, run: Run, training: Training): Promise<Next> {
  const { blobs, aggregator } = parts;
  const outPath = blobs.scratchPath(`initial-${run.id}`);
  const { layers, plan } = training;
  const { sha256, sizeBytes } = await aggregator.initialise({ layers, seed: plan.seed, outPath });
  const model: BlobRef = { sha256: sha256 as Sha256, sizeBytes };
  await blobs.adopt(outPath, model.sha256);
  return beginRound(parts, run, training, 1, model);
}

/** Chooses the sites of a round and gives each its assignment. A site that has just gone away is waited for. */
export async function beginRound(
  parts: RoundParts,
  run: Run,
  training: Training,
  number: number,
  base: BlobRef,
): Promise<Next> {
  const { store, clock, journal, presence } = parts;
  const { plan } = training;
  const nowMs = clock.nowMs();
  const selection = selectSites(await listSites(store.db), plan.dataset);
  const backByMs = soonestReturn(selection.chosen, presence, plan.grace, nowMs);
  if (backByMs !== undefined) {
    const text = `Round ${number} waits for sites that have just gone away.`;
    journal.tell({ runId: run.id, type: "round.waiting", round: number, text });
    return { untilMs: backByMs };
  }
  const sites = selection.chosen.filter((site) => presence.get(site) !== undefined);
  const left = leftOut(selection, presence);
  const min = plan.quorum.min ?? 1;
  if (sites.length < min) {
    const why = left.map(({ site, reason }) => `${site}: ${reason}.`).join(" ");
    const text = `Round ${number} has ${counted(sites.length, "site")} and needs ${min}. ${why}`.trim();
    throw new ComityError("SITES_TOO_FEW", text, {
      hint: "`comity site list` shows the sites and their datasets.",
    });
  }
  const deadlineAtMs = nowMs + plan.deadline;
  const round = { runId: run.id, round: number, startedAtMs: nowMs, deadlineAtMs, base };
  await store.write(async (tx) => {
    if (number === 1) {
      await recordBlob(tx.db, base, nowMs);
      await saveModel(parts, tx, training, { runId: run.id, round: 0, blob: base, sites: 0 });
    }
    await insertRound(tx.db, round);
    await assign(parts, tx, "train", sites, round);
    const text = `Round ${number} of ${plan.rounds} begins at ${counted(sites.length, "site")}: ${listWords(sites)}.`;
    const data = { sites, left, rounds: plan.rounds };
    journal.append(tx, { runId: run.id, type: "round.started", round: number, text, data });
  });
  return "again";
}

/** When the first of the sites that are away, but not for longer than the grace, would be given up; undefined when all is settled. */
function soonestReturn(
  sites: readonly SiteId[],
  presence: Presence,
  graceMs: number,
  nowMs: number,
): number | undefined {
  const dueMs = sites.flatMap((site) => {
    const sinceMs = presence.offlineSinceMs(site);
    return sinceMs !== undefined && sinceMs + graceMs > nowMs ? [sinceMs + graceMs] : [];
  });
  return dueMs.length === 0 ? undefined : Math.min(...dueMs);
}

/** Who does not take part, and why. */
function leftOut({ chosen, rejected }: Selection, presence: Presence): Selection["rejected"] {
  const away = chosen.filter((site) => presence.get(site) === undefined);
  return [...away.map((site) => ({ site, reason: "it is not connected" })), ...rejected];
}
