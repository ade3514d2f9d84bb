/** How long runs may be interpreted until whatever else the process does has its turn. */
const sliceMs = 10;

/**
 * Turns at the event loop. Interpreting never waits for anything that is outside, so that many runs, or one that loops without end, would
 * keep sessions and calls from being heard: all runs together take a slice of time, then the loop goes round once.
 */
export class Turns {
  readonly #monotonicMs: () => number;
  #sliceStartMs: number;
  #tail: Promise<void> = Promise.resolve();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#sliceStartMs = monotonicMs();
  }

  /** Resolves when the caller may work for a moment, in the order of asking. */
  next(): Promise<void> {
    // Chained, so that each looks at the time when the one before has done its work.
    this.#tail = this.#tail.then(() => this.#look());
    return this.#tail;
  }

  async #look(): Promise<void> {
    if (this.#monotonicMs() - this.#sliceStartMs < sliceMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceStartMs = this.#monotonicMs();
  }
}
