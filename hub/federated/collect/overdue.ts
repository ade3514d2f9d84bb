import { type Assignment, isOpen } from "#hub/assignments/model.js";
import type { Rule } from "#hub/assignments/stage.js";
import type { Reach } from "#hub/store/reach.js";
import type { SiteId } from "#kernel/ids.js";

/** When the first of some sites that have just been asked will be late or vanished, if nothing is heard of them. */
export function firstDueMs(
  sites: readonly SiteId[],
  { deadlineMs, graceMs }: Pick<Rule, "deadlineMs" | "graceMs">,
  offlineSinceMs: (site: SiteId) => number | undefined,
  nowMs: number,
): number {
  const goneAtMs = sites.map((site) => (offlineSinceMs(site) ?? Number.POSITIVE_INFINITY) + graceMs);
  return Math.min(nowMs + deadlineMs, ...goneAtMs);
}

/** Which open assignments have run out of time, and when to look again. */
interface Overdue {
  /** Past the deadline. */
  readonly late: readonly Assignment[];
  /** At a site that has been away for longer than the grace. */
  readonly vanished: readonly Assignment[];
  /** The next moment at which one of the two can become true; undefined when nothing is open. */
  readonly nextDueMs: number | undefined;
}

/**
 * `offlineSinceMs` tells since when a site is away, or undefined while it is there. Deadlines stand still while the hub's database is away, and
 * none ends within the grace after it is back, or after the hub's start: the sites have time to come back with what they have done meanwhile.
 */
export function findOverdue(
  assignments: readonly Assignment[],
  offlineSinceMs: (site: SiteId) => number | undefined,
  { deadlineMs, graceMs }: Pick<Rule, "deadlineMs" | "graceMs">,
  reach: Pick<Reach, "isAway" | "backAtMs" | "awayMsSince">,
  nowMs: number,
): Overdue {
  if (reach.isAway) return { late: [], vanished: [], nextDueMs: undefined };
  const notBeforeMs = reach.backAtMs + graceMs;
  const late: Assignment[] = [];
  const vanished: Assignment[] = [];
  let nextDueMs: number | undefined;
  for (const assignment of assignments.filter(({ state }) => isOpen(state))) {
    const sinceMs = offlineSinceMs(assignment.site);
    const goneAtMs = sinceMs === undefined ? Number.POSITIVE_INFINITY : sinceMs + graceMs;
    const stoodStillMs = reach.awayMsSince(assignment.deadlineAtMs - deadlineMs);
    const deadlineAtMs = Math.max(assignment.deadlineAtMs + stoodStillMs, notBeforeMs);
    if (deadlineAtMs <= nowMs) late.push(assignment);
    else if (goneAtMs <= nowMs) vanished.push(assignment);
    else nextDueMs = Math.min(nextDueMs ?? Number.POSITIVE_INFINITY, deadlineAtMs, goneAtMs);
  }
  return { late, vanished, nextDueMs };
}
