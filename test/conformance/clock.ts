import type { Clock } from "#kernel/clock.js";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until somebody moves it: three days pass at once, and what a workflow says about time can be held to the
 * millisecond.
 */
export class SteppedClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #startMs: number;
  #nowMs: number;

  constructor(nowMs: number) {
    this.#startMs = nowMs;
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    // What is due now is due after this turn, as with any timer.
    if (delayMs <= 0) setImmediate(() => this.#fire(timer));
    return () => void this.#timers.delete(timer);
  }

  /** Moves time on. What is due by then is called in the order of its time, each at its own moment. */
  passTo(nowMs: number): void {
    for (;;) {
      const [next] = [...this.#timers].sort((one, other) => one.dueMs - other.dueMs);
      if (next === undefined || next.dueMs > nowMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#fire(next);
    }
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.callback();
  }
}
