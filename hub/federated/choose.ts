import type { Unasked } from "#hub/assignments/stage.js";
import type { At } from "#hub/routing/at.js";
import type { Selection, Wish } from "#hub/routing/select.js";
import { routingHistory } from "#hub/store/assignments.js";
import { nextRound, roundAt } from "#hub/store/rounds.js";
import { listSites } from "#hub/store/sites.js";
import type { LimitKey } from "#hub/workflow/engine/limits.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import { counted } from "#kernel/words.js";
import type { Call, Place } from "./call.js";
import { neededToBegin } from "./collect/quorum.js";
import type { DriverParts, Wait } from "./parts.js";
import { limitKeys } from "./places.js";
import type { AskSpec } from "./script.js";

/** The sites that a stage is asked of, as the commit that opens it records them. */
export interface Chosen {
  readonly sites: readonly SiteId[];
  readonly unasked: readonly Unasked[];
  /** Sites that fit, there or not. */
  readonly population: number;
  /** The limits that they fall under. */
  readonly keys: readonly LimitKey[];
}

/** What of an ask routing looks at. */
type Asked = Pick<AskSpec, "work" | "body" | "rule">;

/** Chooses the sites of a stage by its rules. Sites that have just gone away are waited for. Throws `SITES_TOO_FEW`. */
export async function choose(
  parts: DriverParts,
  call: Call,
  { position, draw }: Place,
  asked: Asked,
  at: At,
): Promise<Chosen | Wait> {
  const { store, presence, chooser, feed } = parts;
  const least = leastSites(parts, asked);
  const { runId } = call;
  const round = (await roundAt(store.db, call, position))?.round ?? (await nextRound(store.db, runId));
  const history =
    at.affinity === undefined ? undefined : await routingHistory(store.db, runId, asked.work.name);
  const known = await listSites(store.db);
  const wish = wishOf(asked, at);
  const choice = await chooser.choose({ sites: known, wish, online: presence.onlineSites, draw, history });
  const { chosen: sites, rejected, away } = choice;
  const sinceMs = (await roundAt(store.db, call, position - 1))?.endedAtMs ?? call.createdAtMs;
  const pause = whyToWait(parts, asked, least, sites, away, sinceMs);
  if (pause !== undefined) {
    feed.tell({ runId, type: "round.waiting", round, text: `Round ${round} waits for ${pause.for}.` });
    return pause;
  }
  if (sites.length < least) throw tooFew(round, choice, least);
  const population = sites.length + choice.passed;
  return { sites, unasked: rejected, population, keys: limitKeys(known, sites, wish.dataset) };
}

/** Sites that must stand behind what is let out of a stage: the hub's own least number, or more where the plan wants them. */
export const smallestNumber = ({ work, rule }: Pick<AskSpec, "work" | "rule">, minSites: number): number =>
  work.answer.leaves === "nothing" ? 0 : Math.max(rule.atLeast, minSites);

/**
 * Sites that a stage must open with: those of its rule, and as many as must be behind whatever is let out: with fewer, nothing could come of
 * what they do. Where the script takes what there is, it is for it to decide.
 */
export function leastSites({ minSites }: Pick<DriverParts, "minSites">, asked: Asked): number {
  const { rule } = asked;
  return Math.max(neededToBegin(rule), rule.onShort === "tell" ? 0 : smallestNumber(asked, minSites));
}

/** The sites that fit and are there: a stream asks one of them whenever there is room. */
export async function candidates(
  { store, presence, chooser }: DriverParts,
  { runId }: Call,
  { draw }: Place,
  asked: Asked,
  at: At,
): Promise<readonly SiteId[]> {
  const history =
    at.affinity === undefined ? undefined : await routingHistory(store.db, runId, asked.work.name);
  const online = presence.onlineSites;
  const request = { sites: await listSites(store.db), wish: wishOf(asked, at), online, draw, history };
  return (await chooser.choose(request)).chosen;
}

/** What a stage asks of a site. */
export function wishOf({ work, body }: Asked, at: At): Wish {
  const { dataset, rows } = work.facts(body);
  // What reads no rows takes no place at a dataset either.
  return {
    dataset: rows === "none" ? undefined : dataset,
    at,
    rows,
    capabilities: [work.name, ...(work.requires?.(body) ?? [])],
  };
}

/** Sites that have just gone away may come back; and a plan may wait for more than are there. Undefined when all is settled. */
function whyToWait(
  { store, presence, clock }: DriverParts,
  { rule }: Asked,
  least: number,
  there: readonly SiteId[],
  away: readonly SiteId[],
  sinceMs: number,
): { readonly untilMs: number; readonly for: string } | undefined {
  const nowMs = clock.nowMs();
  const backMs = away
    .map((site) => (presence.offlineSinceMs(site) ?? nowMs) + rule.graceMs)
    .filter((untilMs) => untilMs > nowMs);
  if (backMs.length > 0) return { untilMs: Math.min(...backMs), for: "sites that have just gone away" };
  const untilMs = sinceMs + rule.waitMs + store.reach.awayMsSince(sinceMs);
  const min = Math.max(rule.min ?? 1, least);
  if (there.length >= min || untilMs <= nowMs) return undefined;
  return { untilMs, for: `${counted(min, "site")}, and ${there.length} are there` };
}

function tooFew(round: number, { chosen, rejected }: Selection, needed: number): ComityError {
  const why = rejected.map(({ site, reason }) => `${site}: ${reason}.`).join(" ");
  const text = `Round ${round} has ${counted(chosen.length, "site")} and needs ${needed}. ${why}`.trim();
  return new ComityError("SITES_TOO_FEW", text, {
    hint: "`comity site list` shows the sites and their datasets.",
  });
}
