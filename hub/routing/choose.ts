import type { Site } from "#hub/sites/model.js";
import type { SiteId } from "#kernel/ids.js";
import { type RoutingHistory, rankSites } from "./rank.js";
import { fittingSites, type Selection, type Wish } from "./select.js";

/** What a choice is made of: plain data, which may go to another thread. */
export interface ChoiceRequest {
  readonly sites: readonly Site[];
  readonly wish: Wish;
  readonly online: ReadonlySet<SiteId>;
  /** What a sample is drawn by. */
  readonly draw: number;
  readonly history?: RoutingHistory | undefined;
}

/** A selection, those sites that fit and are not there, and how many fit that were not taken, there or not. */
export interface Choice extends Selection {
  readonly away: readonly SiteId[];
  readonly passed: number;
}

/**
 * The choice of sites for a stage, with the rule that keeps each of the others out. `away` are those that fit and are not there:
 * they are not chosen, but may be worth waiting for.
 */
export function chooseSites(
  sites: readonly Site[],
  wish: Wish,
  isOnline: (site: SiteId) => boolean,
  draw: number,
  history?: RoutingHistory,
): Choice {
  const { fitting, rejected } = fittingSites(sites, wish, isOnline);
  const away = fitting.filter(({ online }) => !online).map(({ site }) => site.id);
  const ranked = rankSites(
    fitting.filter(({ online }) => online),
    wish.at,
    draw,
    history,
  );
  const gone = away.map((site) => ({ site, reason: "it is not connected" }));
  const passed = away.length + ranked.rejected.length;
  return { chosen: ranked.chosen, rejected: [...gone, ...rejected, ...ranked.rejected], away, passed };
}
