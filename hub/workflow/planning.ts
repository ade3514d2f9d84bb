import type { Notifier } from "#hub/store/notifier.js";
import { replaceSchedule, type ScheduleKey } from "#hub/store/schedules.js";
import type { Tx } from "#hub/store/tx.js";
import { type Cron, parseCron } from "./definition/cron.js";
import { durationMs } from "./definition/duration.js";
import type { Schedule } from "./definition/parts.js";

/** Hints that a schedule has changed. */
export const scheduleTopic = "schedules";

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** The longest time between two days that a cron expression means: from one 29 February to the next over a year like 2100. */
const farDays = 8 * 366 + 1;

/** A version of a workflow, which becomes the newest, and what it says of its starts. */
interface Planned extends ScheduleKey {
  readonly sha256: string;
  readonly schedule: Schedule | undefined;
}

/** Puts the schedule of a workflow's newest version in the place of the one before, or takes that away. */
export async function planSchedule(
  tx: Tx,
  notifier: Notifier,
  { namespace, name, sha256, schedule }: Planned,
  nowMs: number,
): Promise<void> {
  const row = schedule && {
    namespace,
    name,
    workflow_sha256: sha256,
    due_at_ms: nextDueMs(schedule, { nowMs, sinceMs: nowMs, restsSinceMs: nowMs }) ?? null,
    schedule: JSON.stringify(schedule),
    since_ms: nowMs,
    run_id: null,
  };
  await replaceSchedule(tx.db, { namespace, name }, row);
  notifier.notify(tx, scheduleTopic, `${namespace}/${name}`);
}

/** What the next start of a schedule depends on, besides the schedule. */
interface DueFacts {
  readonly nowMs: number;
  /** Since when the schedule counts. */
  readonly sinceMs: number;
  /** When the last run that the schedule started ended; without one, `sinceMs`. Undefined while it runs. */
  readonly restsSinceMs: number | undefined;
}

/**
 * When a schedule starts a run next: the earliest of what its rules say, undefined when only events, or the end of a run, can say. `every` keeps
 * its distance from `sinceMs`, so that what was missed is left out and what follows comes when it would have come.
 */
export function nextDueMs(
  schedule: Schedule,
  { nowMs, sinceMs, restsSinceMs }: DueFacts,
): number | undefined {
  const due: number[] = [];
  if (schedule.every !== undefined) {
    const everyMs = Math.max(1, durationMs(schedule.every) ?? Number.POSITIVE_INFINITY);
    due.push(sinceMs + everyMs * Math.max(1, Math.floor((nowMs - sinceMs) / everyMs) + 1));
  }
  if (schedule.cron !== undefined) due.push(nextCronMs(parseCron(schedule.cron), nowMs));
  if (schedule.after !== undefined && restsSinceMs !== undefined)
    due.push(restsSinceMs + (durationMs(schedule.after) ?? Number.POSITIVE_INFINITY));
  const next = Math.min(...due);
  return Number.isFinite(next) ? next : undefined;
}

/** The first minute after `afterMs` that a cron expression means, in UTC; `Infinity` for a day that never comes. */
export function nextCronMs(cron: Cron, afterMs: number): number {
  const firstMs = (Math.floor(afterMs / minuteMs) + 1) * minuteMs;
  const today = Math.floor(firstMs / dayMs) * dayMs;
  for (let day = 0; day <= farDays; day++) {
    const dayStartMs = today + day * dayMs;
    if (!meansDay(cron, new Date(dayStartMs))) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const atMs = dayStartMs + (hour * 60 + minute) * minuteMs;
        if (atMs >= firstMs) return atMs;
      }
    }
  }
  return Number.POSITIVE_INFINITY;
}

function meansDay({ months, daysOfMonth, daysOfWeek, eitherDay }: Cron, date: Date): boolean {
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const ofMonth = daysOfMonth.includes(date.getUTCDate());
  const ofWeek = daysOfWeek.includes(date.getUTCDay());
  return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
}
