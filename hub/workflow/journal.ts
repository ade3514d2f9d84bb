import type { Clock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import { appendEvent, eventsAfter } from "#hub/store/events.js";
import { findRun } from "#hub/store/runs.js";
import type { Store, Tx } from "#hub/store/store.js";
import { RunChanges } from "./changes.js";
import type { NewEvent, RunEvent } from "./model.js";

/** Events that are read at a time. */
const pageEvents = 500;

/** The events of runs: written in the transaction of their effect, told after its commit. */
export class RunJournal {
  readonly changes = new RunChanges();
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Adds an event to the run within the caller's transaction. */
  async append(tx: Tx, event: NewEvent): Promise<void> {
    await appendEvent(tx.db, event, this.#clock.nowMs());
    tx.afterCommit(() => this.changes.notify(event.runId));
  }

  /** Tells those who watch now, without keeping it. */
  tell(event: NewEvent): void {
    this.changes.tell({ round: 0, site: "", data: {}, ...event, seq: 0, atMs: this.#clock.nowMs() });
  }

  /** Every kept event after `afterSeq`, then live ones and progress, until the run has ended or the signal fires. */
  async *watch(runId: RunId, afterSeq: number, signal: AbortSignal): AsyncGenerator<RunEvent> {
    const { news, stop } = this.changes.subscribe(runId);
    signal.addEventListener("abort", stop, { once: true });
    // A call may have ended before anybody listened.
    if (signal.aborted) stop();
    try {
      let seq = afterSeq;
      news.push("look");
      for await (const item of news) {
        if (item !== "look") {
          yield item;
          continue;
        }
        const ended = (await findRun(this.#store.db, runId))?.state !== "running";
        for (let more = true; more; ) {
          const events = await eventsAfter(this.#store.db, runId, seq, pageEvents);
          for (const event of events) yield event;
          seq = events.at(-1)?.seq ?? seq;
          more = events.length === pageEvents;
        }
        if (ended) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  }
}
