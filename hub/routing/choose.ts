import type { Site } from "#hub/sites/model.js";
import type { SiteId } from "#kernel/ids.js";
import { rankSites, type RoutingHistory } from "./rank.js";
import { fittingSites, type Selection, type Wish } from "./select.js";

/**
 * The choice of sites for a round, with the rule that keeps each of the others out. `away` are those that fit and are not there:
 * they are not chosen, but may be worth waiting for.
 */
export function chooseSites(
  sites: readonly Site[],
  wish: Wish,
  isOnline: (site: SiteId) => boolean,
  round: number,
  history?: RoutingHistory,
): Selection & { readonly away: readonly SiteId[] } {
  const { fitting, rejected } = fittingSites(sites, wish, isOnline);
  const away = fitting.filter(({ online }) => !online).map(({ site }) => site.id);
  const ranked = rankSites(
    fitting.filter(({ online }) => online),
    wish.at,
    round,
    history,
  );
  const gone = away.map((site) => ({ site, reason: "it is not connected" }));
  return { chosen: ranked.chosen, rejected: [...gone, ...rejected, ...ranked.rejected], away };
}
