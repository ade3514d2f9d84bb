import { type Assignment, isOpen } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import type { SiteId } from "#kernel/ids.js";
import type { Answer, Left, Taken, TakeSpec } from "../script.js";
import { answerOf } from "./collected.js";

/**
 * The shortest beginning of what has arrived in a stream after the cursor that has enough answers that are not too old, with as many sites
 * behind them as its rule asks for: the same no matter when one looks. Undefined while there are too few.
 */
export function taken(
  stage: Stage,
  assignments: readonly Assignment[],
  { name, after, count, maxStale = Number.POSITIVE_INFINITY }: TakeSpec,
  position: number,
): Taken | undefined {
  const arrived = assignments
    .filter(({ state, arrival }) => state === "delivered" && arrival > after)
    .toSorted((a, b) => a.arrival - b.arrival);
  const answers: Answer[] = [];
  const left: Left[] = [];
  // A site that has answered twice is still the same sites.
  const behind = new Map<SiteId, number>();
  let sites = 0;
  for (const one of arrived) {
    const answer = answerOf(stage, one, position);
    const { site, stale } = answer;
    if (stale > maxStale) {
      const reason = `its answer was made from a model of ${stale} rounds ago; ${maxStale} are allowed`;
      left.push({ site, kind: one.kind, state: "late", reason });
      continue;
    }
    answers.push(answer);
    const known = behind.get(site) ?? 0;
    behind.set(site, Math.max(known, one.behind));
    sites += Math.max(0, one.behind - known);
    if (answers.length < count || sites < stage.rule.atLeast) continue;
    const { unasked, population } = stage;
    const asked = answers.length + left.length;
    const cursor = one.arrival;
    const { atLeast } = stage.rule;
    const told = { stage: name, answers, left, unasked, asked, population, atLeast };
    return { is: "collected", ...told, short: false, cursor };
  }
  return undefined;
}

/** Sites that work for a stream, or whose answer has come after the cursor. */
export const ableSites = (assignments: readonly Assignment[], after: number): readonly SiteId[] =>
  assignments
    .filter(({ state, arrival }) => isOpen(state) || (state === "delivered" && arrival > after))
    .map(({ site }) => site);

/**
 * Those of the sites that fit a stream that have nothing to do, those first that were asked longest ago. Who has refused or failed is not
 * asked again, and who has vanished has its assignment still.
 */
export function freeSites(fitting: readonly SiteId[], assignments: readonly Assignment[]): readonly SiteId[] {
  const last = new Map<SiteId, number>();
  const busy = new Set<SiteId>();
  for (const { site, state, issued } of assignments) {
    last.set(site, Math.max(last.get(site) ?? 0, issued));
    if (state !== "delivered" && state !== "late") busy.add(site);
  }
  const issued = (site: SiteId) => last.get(site) ?? -1;
  return fitting
    .filter((site) => !busy.has(site))
    .toSorted((a, b) => issued(a) - issued(b) || (a < b ? -1 : 1));
}
