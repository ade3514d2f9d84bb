import { dueTimers, nextTimerMs } from "#hub/store/snapshots.js";
import type { Store } from "#hub/store/store.js";
import type { TimerId } from "#hub/workflow/interpreter/model.js";
import { Alarm } from "#kernel/alarm.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";

/** Timers that are read at a time. */
const pageTimers = 500;
/** How long a timer rests whose event could not be written. */
const restMs = 1_000;

interface Parts {
  readonly store: Store;
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Journals that a timer has fired, which deletes its row. */
  readonly fire: (runId: RunId, timer: TimerId) => Promise<unknown>;
}

/** Fires timers when they are due. They are rows; in memory is only when the next one is due, however many there are. */
export class Timers {
  readonly #parts: Parts;
  /** Fired, and not yet journalled. */
  readonly #firing = new Set<string>();
  readonly #alarm: Alarm;
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#alarm = new Alarm(parts.clock, () => this.look());
  }

  /** A timer has become durable. */
  notice(dueAtMs: number): void {
    if (!this.#stopped) this.#alarm.notice(dueAtMs);
  }

  /** Looks for timers that are due, and for when the next one is. */
  look(): void {
    if (this.#stopped) return;
    this.#alarm.clear();
    this.#looking = (this.#looking ?? Promise.resolve()).then(() => this.#look());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.clear();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { store, owner, clock, log } = this.#parts;
    if (this.#stopped) return;
    try {
      const nowMs = clock.nowMs();
      // Those that are being fired have their rows until they are journalled.
      const limit = pageTimers + this.#firing.size;
      const due = await dueTimers(store.db, owner, nowMs, limit);
      for (const { run_id: runId, timer } of due) this.#fire(runId as RunId, timer as TimerId);
      const next = due.length === limit ? nowMs : await nextTimerMs(store.db, owner, nowMs);
      if (next !== undefined) this.notice(next);
    } catch (error) {
      log.error({ err: error }, "timers could not be read; they are read again");
      this.notice(clock.nowMs() + restMs);
    }
  }

  #fire(runId: RunId, timer: TimerId): void {
    const { fire, log, clock } = this.#parts;
    const key = `${runId}/${timer}`;
    if (this.#firing.has(key)) return;
    this.#firing.add(key);
    fire(runId, timer)
      .catch((error: unknown) => {
        if (error instanceof ComityError && error.code === "LEASE_LOST") return;
        log.error({ runId, timer, err: error }, "a timer could not be journalled; it fires again");
        this.notice(clock.nowMs() + restMs);
      })
      .finally(() => this.#firing.delete(key));
  }
}
