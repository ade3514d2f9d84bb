import { appendEvents, eventsAfter } from "#hub/store/events.js";
import { findRun } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import type { Gatherer, Tx } from "#hub/store/tx.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import { RunChanges } from "./changes.js";
import { endsRun, isEnded, type NewEvent, type RunEvent, type RunEventType } from "./model.js";

/** Events that are read at a time. */
const pageEvents = 500;

type EndListener = (runId: RunId, type: RunEventType) => void;

/** The events of runs: written in the transaction of their effect, told after its commit. */
export class RunFeed implements Gatherer<NewEvent> {
  readonly changes = new RunChanges();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onEnd = new Set<EndListener>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Adds an event to the run within the caller's transaction; all of one transaction are written together at its end. */
  append(tx: Tx, event: NewEvent): void {
    tx.gather(this, event);
  }

  async write(tx: Tx, events: readonly NewEvent[]): Promise<void> {
    const atMs = this.#clock.nowMs();
    const kept = await appendEvents(tx.db, events, atMs);
    tx.afterCommit(() => {
      for (const event of kept) this.changes.tell(event);
      for (const { runId, type } of kept) {
        if (movesRun(type)) this.changes.notify(runId);
        if (endsRun(type)) for (const listener of this.#onEnd) listener(runId, type);
      }
    });
  }

  /** Calls back after the commit that ends a run, in this process. */
  onEnd(listener: EndListener): void {
    this.#onEnd.add(listener);
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
        if (item !== "look" && (item.seq === 0 || item.seq === seq + 1)) {
          seq = Math.max(seq, item.seq);
          yield item;
          if (endsRun(item.type)) return;
        } else if (item === "look" || item.seq > seq) {
          // The beginning, or a gap: what was missed is in the store.
          const state = (await findRun(this.#store.db, runId))?.state;
          let ended = state === undefined || isEnded(state);
          for (let more = true; more; ) {
            const events = await eventsAfter(this.#store.db, runId, seq, pageEvents);
            for (const event of events) yield event;
            // The run may have ended, or have been retried, since its state was read.
            for (const { type } of events) ended = endsRun(type) || (ended && type !== "run.retried");
            seq = events.at(-1)?.seq ?? seq;
            more = events.length === pageEvents;
          }
          if (ended) return;
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  }
}

/** Whether those who wait for the run have to look again: it goes on after a pause, or has ended. */
const movesRun = (type: RunEventType): boolean => type === "run.resumed" || endsRun(type);
