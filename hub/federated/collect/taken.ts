import type { Assignment } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import type { SiteId } from "#kernel/ids.js";
import type { Taken, TakeSpec } from "../script.js";
import { answerOf } from "./collected.js";

/**
 * The shortest beginning of what has arrived in a stream after the cursor that has enough answers, of as many sites as its rule asks for: the
 * same no matter when one looks. Undefined while there are too few.
 */
export function taken(
  stage: Stage,
  assignments: readonly Assignment[],
  { name, after, count }: TakeSpec,
  position: number,
): Taken | undefined {
  const arrived = assignments
    .filter(({ state, arrival }) => state === "delivered" && arrival > after)
    .toSorted((a, b) => a.arrival - b.arrival);
  const sites = new Set<SiteId>();
  for (const [at, one] of arrived.entries()) {
    sites.add(one.site);
    if (at + 1 < count || sites.size < stage.rule.atLeast) continue;
    const answers = arrived.slice(0, at + 1).map((answer) => answerOf(stage, answer, position));
    const { unasked, population } = stage;
    const common = { stage: name, left: [], unasked, population, asked: answers.length, short: false };
    return { is: "collected", ...common, answers, cursor: one.arrival };
  }
  return undefined;
}

/** Those of the sites that fit a stream that have nothing to do, those first that were asked longest ago. Who has refused or failed is not asked again. */
export function freeSites(fitting: readonly SiteId[], assignments: readonly Assignment[]): readonly SiteId[] {
  const last = new Map<SiteId, Assignment>();
  for (const one of assignments) if (one.issued >= (last.get(one.site)?.issued ?? 0)) last.set(one.site, one);
  const isFree = (site: SiteId) => {
    const state = last.get(site)?.state;
    return state === undefined || state === "delivered" || state === "late";
  };
  const issued = (site: SiteId) => last.get(site)?.issued ?? -1;
  return fitting.filter(isFree).toSorted((a, b) => issued(a) - issued(b) || (a < b ? -1 : 1));
}
