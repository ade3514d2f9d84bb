import type { RunFeed } from "#hub/runs/feed.js";
import { isEnded } from "#hub/runs/model.js";
import { findRun } from "#hub/store/runs.js";
import {
  allSchedules,
  dueSchedules,
  moveSchedule,
  nextScheduleMs,
  type ScheduleRow,
} from "#hub/store/schedules.js";
import type { Store } from "#hub/store/store.js";
import type { Schedule } from "#hub/workflow/definition/parts.js";
import { nextDueMs, scheduleTopic } from "#hub/workflow/planning.js";
import { Alarm } from "#kernel/alarm.js";
import { Serial } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { type Starts, startOrGiveUp } from "./start.js";

/** How long the schedules rest when rows could not be read or a run could not be started now. */
const restMs = 5_000;

interface Parts {
  readonly store: Store;
  readonly feed: RunFeed;
  readonly engine: Starts;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts runs of published workflows when their schedules say so. When one is due is a row; what was missed is made up for once. */
export class Schedules {
  readonly #parts: Parts;
  readonly #alarm: Alarm;
  readonly #serial = new Serial();
  /** Runs whose end is waited for. */
  readonly #watched = new Set<RunId>();
  #deaf: () => void = () => undefined;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock, () => this.#look());
  }

  /** Begins to start runs; first those that are due by now. */
  async open(): Promise<void> {
    this.#deaf = this.#parts.store.notifier.listen(scheduleTopic, () => this.#look());
    this.#look();
    await this.settled();
  }

  /** Resolves when what is due by now was started. */
  settled(): Promise<void> {
    return this.#serial.idle();
  }

  /**
   * When workflows are started next by their schedules, by the digests of their versions; without those that wait for an event or for
   * the end of a run.
   */
  async nextStarts(): Promise<ReadonlyMap<Sha256, number>> {
    const rows = await allSchedules(this.#parts.store.db);
    return new Map(
      rows.flatMap((row) => (row.due_at_ms === null ? [] : [[row.workflow_sha256 as Sha256, row.due_at_ms]])),
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#deaf();
    this.#alarm.clear();
    await this.#serial.idle();
  }

  #look(): void {
    void this.#serial.run(() => this.#lookNow());
  }

  async #lookNow(): Promise<void> {
    const { store, clock, log } = this.#parts;
    if (this.#stopped) return;
    this.#alarm.clear();
    try {
      for (const row of await dueSchedules(store.db, clock.nowMs())) await this.#fire(row);
      for (const row of await allSchedules(store.db)) await this.#rest(row);
      const next = await nextScheduleMs(store.db);
      if (next !== undefined) this.#alarm.notice(next);
    } catch (error) {
      log.error({ err: error }, "scheduled runs could not be started; they are tried again");
      this.#alarm.notice(clock.nowMs() + restMs);
    }
  }

  /** Starts what is due, as an occasion with a name: a hub that is killed before the row has moved on starts it again, and so once. */
  async #fire(row: ScheduleRow): Promise<void> {
    const { store, engine, clock, log } = this.#parts;
    const workflow = `${row.namespace}/${row.name}`;
    const run = await startOrGiveUp(engine, log, {
      workflow: { sha256: row.workflow_sha256 },
      occasion: `schedule:${workflow}@${row.due_at_ms ?? 0}`,
      input: {},
      startedBy: "schedule",
    });
    const nowMs = clock.nowMs();
    const dueAtMs = nextDueMs(scheduleOf(row), {
      nowMs,
      sinceMs: row.since_ms,
      restsSinceMs: run === undefined ? nowMs : undefined,
    });
    await store.write((tx) => moveSchedule(tx.db, row, { dueAtMs, runId: run ?? null }));
  }

  /** Has `after` count from the end of the last run. */
  async #rest(row: ScheduleRow): Promise<void> {
    const { store, feed, clock } = this.#parts;
    const runId = row.run_id as RunId | null;
    const schedule = scheduleOf(row);
    if (schedule.after === undefined || runId === null) return;
    const news = feed.changes.next(runId);
    const run = await findRun(store.db, runId);
    if (run !== undefined && !isEnded(run.state)) {
      if (this.#watched.has(runId)) return;
      this.#watched.add(runId);
      void news.then(() => {
        this.#watched.delete(runId);
        this.#look();
      });
      return;
    }
    const nowMs = clock.nowMs();
    const restsSinceMs = run?.endedAtMs ?? nowMs;
    const dueAtMs = nextDueMs(schedule, { nowMs, sinceMs: row.since_ms, restsSinceMs });
    await store.write((tx) => moveSchedule(tx.db, row, { dueAtMs, runId: null }));
  }
}

const scheduleOf = (row: ScheduleRow): Schedule => JSON.parse(row.schedule) as Schedule;
