/** How long one kind of work may go on until whatever else the process does has its turn. */
const sliceMs = 10;

/**
 * Turns at the event loop, for work that never waits for anything outside: much of it at once would keep sessions and calls from
 * being heard. All of it together takes a slice of time, then the loop goes round once.
 */
export class Turns {
  readonly #monotonicMs: () => number;
  /** Undefined when the loop has gone round since. */
  #sliceStartMs: number | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Resolves when the caller may work for a moment, in the order of asking. */
  next(): Promise<void> {
    // Chained, so that each looks at the time when the one before has done its work.
    this.#tail = this.#tail.then(() => this.soon());
    return this.#tail;
  }

  /** {@link next} for a caller that works alone: at once, without a promise, while the slice lasts. */
  soon(): Promise<void> | undefined {
    const startMs = this.#sliceStartMs;
    if (startMs !== undefined && this.#monotonicMs() - startMs >= sliceMs) return this.#afterOthers();
    this.#begin();
    return undefined;
  }

  async #afterOthers(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#begin();
  }

  /** Begins a slice, unless somebody has since the loop went round. */
  #begin(): void {
    if (this.#sliceStartMs !== undefined) return;
    this.#sliceStartMs = this.#monotonicMs();
    setImmediate(() => (this.#sliceStartMs = undefined));
  }
}

/** The turns of this process: all work that holds up its event loop takes them together. */
export const processTurns = new Turns(() => performance.now());
