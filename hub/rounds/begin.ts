import type { BlobRef } from "#kernel/refs.js";
import { chooseInThread } from "#hub/routing/chooser.js";
import type { Selection, Wish } from "#hub/routing/select.js";
import { routingHistory } from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { isWanted } from "#hub/store/calls.js";
import { insertRound, nextRound } from "#hub/store/rounds.js";
import { listSites } from "#hub/store/sites.js";
import { ComityError } from "#kernel/errors.js";
import type { Sha256, SiteId } from "#kernel/ids.js";
import { counted, listWords } from "#kernel/words.js";
import type { Round } from "./model.js";
import { assign, type Next, type RoundParts, roundsInAll, saveModel } from "./parts.js";
import { limitKeys, takePlaces } from "./places.js";
import { neededToBegin } from "./quorum.js";
import type { Task, Training } from "./training.js";

/** Begins the first round of a call, from the model that the call names, or from a new one. */
export async function beginFirstRound(parts: RoundParts, training: Training): Promise<Next> {
  return beginRound(parts, training, undefined, training.base ?? (await initialModel(parts, training)));
}

async function initialModel({ blobs, aggregator }: RoundParts, training: Training): Promise<BlobRef> {
  const { layers, seed, runId, effect } = training;
  const outPath = blobs.scratchPath(`initial-${runId}-${effect}`);
  const { sha256, sizeBytes } = await aggregator.initialise({ layers, seed, outPath });
  const model: BlobRef = { sha256: sha256 as Sha256, sizeBytes };
  await blobs.adopt(outPath, model.sha256);
  return model;
}

/** Chooses the sites of the round after `last` and gives each its assignment. Sites that have just gone away are waited for. */
export async function beginRound(
  parts: RoundParts,
  training: Training,
  last: Round | undefined,
  base: BlobRef,
): Promise<Next> {
  const { store, clock, feed, presence } = parts;
  const { runId, effect, kind } = training;
  const position = (last?.position ?? 0) + 1;
  const nowMs = clock.nowMs();
  const expected = await nextRound(store.db, runId);
  const history = training.at.affinity === undefined ? undefined : await routingHistory(store.db, runId);
  const known = await listSites(store.db);
  const wish = wishOf(training);
  const choice = await chooseInThread({
    sites: known,
    wish,
    online: presence.onlineSites,
    round: expected,
    history,
  });
  const { chosen: sites, rejected: left, away } = choice;
  const pause = whyToWait(parts, training, sites, away, last);
  if (pause !== undefined) {
    const text = `Round ${expected} waits for ${pause.for}.`;
    feed.tell({ runId, type: "round.waiting", round: expected, text });
    return pause;
  }
  if (sites.length < neededToBegin(training.quorum)) throw tooFew(expected, choice, training);
  const deadlineAtMs = nowMs + training.deadlineMs;
  const work = kind === "evaluate" ? "evaluate" : "train";
  const state = kind === "evaluate" ? "evaluating" : "collecting";
  const keys = limitKeys(known, sites, training);
  const places = parts.limits.news();
  return store.write(async (tx): Promise<Next> => {
    // A call that is being cancelled begins nothing any more; its end is on the way.
    if (!(await isWanted(tx.db, training))) return { untilMs: undefined };
    const blocked = await takePlaces(parts, tx, training, keys);
    if (blocked !== undefined) {
      const text = `Round ${expected} waits for a place: ${blocked.text}`;
      feed.tell({ runId, type: "round.waiting", round: expected, text });
      return { untilMs: blocked.untilMs, news: places };
    }
    if (position === 1 && training.base === undefined) {
      await recordBlob(tx.db, base, nowMs);
      await saveModel(parts, tx, training, { round: 0, blob: base, base: undefined, sites: 0 });
    }
    const begun = { runId, effect, position, state, startedAtMs: nowMs, deadlineAtMs, base } as const;
    const round = await insertRound(tx.db, begun);
    await assign(parts, tx, work, sites, round);
    const rounds = roundsInAll(training, round);
    const number = rounds === undefined ? `${round.round}` : `${round.round} of ${rounds}`;
    const text = `Round ${number} begins at ${counted(sites.length, "site")}: ${listWords(sites)}.`;
    const data = { sites, left, ...(rounds !== undefined && { rounds }) };
    feed.append(tx, { runId, type: "round.started", round: round.round, text, data });
    return { round };
  });
}

/** What a task asks of a site. */
export const wishOf = ({ kind, dataset, at }: Pick<Task, "kind" | "dataset" | "at">): Wish => {
  return { dataset, at, rows: kind === "evaluate" ? "testRows" : "trainRows" };
};

/** Sites that have just gone away may come back; and a plan may wait for more than are there. Undefined when all is settled. */
function whyToWait(
  { presence, clock }: RoundParts,
  { graceMs, quorum, createdAtMs }: Training,
  there: readonly SiteId[],
  away: readonly SiteId[],
  last: Round | undefined,
): { readonly untilMs: number; readonly for: string } | undefined {
  const nowMs = clock.nowMs();
  const backMs = away
    .map((site) => (presence.offlineSinceMs(site) ?? nowMs) + graceMs)
    .filter((untilMs) => untilMs > nowMs);
  if (backMs.length > 0) return { untilMs: Math.min(...backMs), for: "sites that have just gone away" };
  const untilMs = (last?.endedAtMs ?? createdAtMs) + quorum.wait;
  const { min = 1 } = quorum;
  if (there.length >= min || untilMs <= nowMs) return undefined;
  return { untilMs, for: `${counted(min, "site")}, and ${there.length} are there` };
}

function tooFew(round: number, { chosen, rejected }: Selection, { quorum }: Training): ComityError {
  const why = rejected.map(({ site, reason }) => `${site}: ${reason}.`).join(" ");
  const needed = neededToBegin(quorum);
  const text = `Round ${round} has ${counted(chosen.length, "site")} and needs ${needed}. ${why}`.trim();
  return new ComityError("SITES_TOO_FEW", text, {
    hint: "`comity site list` shows the sites and their datasets.",
  });
}
