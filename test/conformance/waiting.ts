import { isEnded, type RunStatus } from "#hub/runs/model.js";
import type { Store } from "#hub/store/store.js";
import { publishEvent } from "#hub/workflow/engine/batch.js";

/** What the runs of an engine wait for, as their rows say it. */
export interface Waiting {
  /** What is being worked on: empty when every run that is not over waits for time, for an event or for somebody. */
  readonly busy: readonly string[];
  /** Some of it is work of others, in real time. */
  readonly calls: boolean;
  /** When the next timer is due, or a sleeping call wakes up. */
  readonly nextDueMs: number | undefined;
}

const childCall = "run.workflow";

/** Looks at all runs that are not over. `sleeping` has the calls that wait for the clock, and when they wake up. */
export async function waitingOf(
  { db }: Store,
  nowMs: number,
  sleeping: ReadonlyMap<string, number>,
): Promise<Waiting> {
  const live = await db
    .selectFrom("runs")
    .leftJoin("snapshots", "snapshots.run_id", "runs.run_id")
    .select(["runs.run_id", "runs.state", "runs.parent", "snapshots.continues"])
    .where("runs.state", "in", ["running", "paused", "queued"])
    .execute();
  const effects = await db
    .selectFrom("effects")
    .select(["run_id", "effect", "call", "argument", "cancel_reason"])
    .execute();
  const timers = await db
    .selectFrom("timers")
    .innerJoin("runs", "runs.run_id", "timers.run_id")
    .select(["timers.run_id", "timer", "due_at_ms"])
    .execute();
  const schedules = await db
    .selectFrom("schedules")
    .leftJoin("runs", "runs.run_id", "schedules.run_id")
    .select(["schedules.name", "due_at_ms", "schedule", "runs.state"])
    .execute();
  const children = new Set(live.map(({ parent }) => parent));

  const busy: string[] = [];
  let calls = false;
  for (const { run_id: run, state, continues } of live)
    if (state === "running" && continues === 1) busy.push(`run ${run} goes on`);
  for (const { run_id: run, effect, call, argument, cancel_reason: cancelled } of effects) {
    const key = `${run}/${effect}`;
    const awaited = children.has(key) && !argument.includes('"await":false');
    const waits = awaited || (sleeping.get(key) ?? 0) > nowMs;
    if (waits && cancelled === null) continue;
    busy.push(`${call} of run ${run}`);
    calls ||= call !== publishEvent && call !== childCall && !call.startsWith("test.");
  }
  for (const { run_id: run, timer, due_at_ms: dueMs } of timers)
    if (dueMs <= nowMs) busy.push(`timer ${timer} of run ${run}`);
  for (const { name, due_at_ms: dueMs, schedule, state } of schedules) {
    // `after` counts from the end of the run: the row has yet to say until when.
    const resting = schedule.includes('"after":') && state !== null && isEnded(state as RunStatus);
    if (resting || (dueMs ?? Infinity) <= nowMs) busy.push(`the schedule of ${name}`);
  }
  const dues = [...timers, ...schedules]
    .map(({ due_at_ms: dueMs }) => dueMs ?? Infinity)
    .concat(...sleeping.values());
  const next = Math.min(...dues.filter((dueMs) => dueMs > nowMs));
  return { busy, calls, nextDueMs: Number.isFinite(next) ? next : undefined };
}
