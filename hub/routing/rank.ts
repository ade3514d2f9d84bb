import { seeded } from "#aggregation/random/random.js";
import { compileScore } from "#kernel/cel.js";
import type { SiteId } from "#kernel/ids.js";
import type { At } from "./at.js";
import { type Candidate, factsOf, ruleVariables } from "./facts.js";
import { compareIds, type Selection } from "./select.js";

/** What a run has asked of its sites before; only `affinity` looks at it. */
export interface RoutingHistory {
  /** The sites of the run's last round. */
  readonly previous: ReadonlySet<SiteId>;
  /** How often the run has asked a site. */
  readonly asked: ReadonlyMap<SiteId, number>;
}

const noHistory: RoutingHistory = { previous: new Set(), asked: new Map() };

/** The fewer or the lower, the sooner; by a higher score before that of the draw. */
interface Rank {
  readonly site: SiteId;
  readonly affinity: number;
  readonly score: number;
  readonly draw: number;
}

/**
 * Takes as many of the sites as `limit` and `sample` allow: in the order of `affinity`, then of `score`, then of the draw, then of
 * their ids. The same sites, rules, number of the draw and history give the same choice, which is told in the order of the ids.
 */
export function rankSites(
  candidates: readonly Candidate[],
  at: At,
  draw: number,
  history: RoutingHistory = noHistory,
): Selection {
  const most = Math.min(at.limit ?? Number.POSITIVE_INFINITY, at.sample?.count ?? Number.POSITIVE_INFINITY);
  if (candidates.length <= most)
    return { chosen: candidates.map(({ site }) => site.id).sort(compareIds), rejected: [] };
  const ranked = ranks(candidates, at, draw, history).sort(
    (a, b) => a.affinity - b.affinity || b.score - a.score || a.draw - b.draw || compareIds(a.site, b.site),
  );
  const rejected = ranked.slice(most).map(({ site, score }, place) => {
    const rank = `${most} of ${candidates.length} sites are taken and it is number ${most + place + 1}`;
    return { site, reason: at.score === undefined ? rank : `${rank}, with a score of ${score}` };
  });
  const chosen = ranked.slice(0, most).map(({ site }) => site);
  return { chosen: chosen.sort(compareIds), rejected };
}

function ranks(candidates: readonly Candidate[], at: At, drawn: number, history: RoutingHistory): Rank[] {
  const scoreOf = at.score === undefined ? () => 0 : compileScore(at.score, ruleVariables);
  const affinityOf = (site: SiteId): number => {
    if (at.affinity === "previous") return history.previous.has(site) ? 0 : 1;
    return at.affinity === "spread" ? (history.asked.get(site) ?? 0) : 0;
  };
  return candidates.map((candidate) => {
    const { id: site } = candidate.site;
    // Each site's own number: that another one joins does not change it.
    const draw = at.sample === undefined ? 0 : seeded("sample", at.sample.seed, drawn, site).uniform();
    return { site, affinity: affinityOf(site), score: scoreOf(factsOf(candidate)), draw };
  });
}
