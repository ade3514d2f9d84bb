import type { Notifier } from "#hub/store/notifier.js";
import type { Tx } from "#hub/store/tx.js";
import { type Deferred, deferred } from "#kernel/async.js";
import type { CallRef } from "#kernel/refs.js";

/** Hints that something of a call has changed, by `run/effect`. */
const callTopic = "call";

const keyOf = ({ runId, effect }: CallRef): string => `${runId}/${effect}`;

/**
 * Wakes whoever drives a call. News is only "look again": the facts are rows, so a wake-up that gets lost with the process costs nothing.
 */
export class CallNews {
  readonly #notifier: Notifier;
  readonly #waiting = new Map<string, Deferred<void>>();
  readonly #deaf: () => void;

  constructor(notifier: Notifier) {
    this.#notifier = notifier;
    this.#deaf = notifier.listen(callTopic, (key) => {
      if (key === undefined) this.tellAll();
      else this.#tell(key);
    });
  }

  /** Resolves at the next news of a call. Take it before reading the store, so that nothing falls between. */
  next(call: CallRef): Promise<void> {
    const key = keyOf(call);
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, (waiting = deferred()));
    return waiting.promise;
  }

  /** After the commit of `tx`, whichever process drives the call looks again. */
  tell(tx: Tx, call: CallRef): void {
    this.#notifier.notify(tx, callTopic, keyOf(call));
  }

  /** Every call that this process drives looks again: a site has come or gone. */
  tellAll(): void {
    for (const key of [...this.#waiting.keys()]) this.#tell(key);
  }

  close(): void {
    this.#deaf();
  }

  #tell(key: string): void {
    this.#waiting.get(key)?.resolve();
    this.#waiting.delete(key);
  }
}
