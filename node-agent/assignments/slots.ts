import { type Deferred, deferred } from "#kernel/async.js";

/** Lets at most so many tasks run at once, the others in the order of their coming. */
export class Slots {
  readonly #waiting: Deferred<void>[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Runs the task when a place is free; throws the signal's reason when the signal has fired by then. */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else {
      const turn = deferred();
      this.#waiting.push(turn);
      await turn.promise;
    }
    try {
      signal.throwIfAborted();
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next.resolve();
    }
  }
}
