/** How long to wait before try number `attempt` (from 0): anywhere between 0 and the exponential bound ("full jitter"). */
export function fullJitterMs(attempt: number, { baseMs, maxMs }: { baseMs: number; maxMs: number }): number {
  return Math.random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}

/** Waits; ends early, without an error, when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** A promise that somebody else settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Runs tasks one after the other in the order of their coming; one that fails does not stop the next. */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Settles when all that was given so far has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

/** {@link Serial} for each key: tasks of one key follow each other, those of different keys do not wait. */
export class KeyedSerial<Key> {
  readonly #tails = new Map<Key, Promise<unknown>>();

  async run<T>(key: Key, task: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(task);
    const tail = result.catch(() => undefined);
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

/** Values pushed on one side and read with `for await` on the other; reading ends after `close()`. */
export class Mailbox<T> implements AsyncIterable<T> {
  readonly #values: T[] = [];
  #waiting: Deferred<void> | undefined;
  #closed = false;

  /** Values that nobody has taken yet. */
  get size(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#closed) return;
    this.#values.push(value);
    this.#waiting?.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#waiting?.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift() as T;
      if (this.#closed) return;
      this.#waiting = deferred();
      await this.#waiting.promise;
    }
  }
}
