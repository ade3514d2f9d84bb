import type { Tx } from "./tx.js";

/** Called with the key that has news; without one when hints may have been missed: look at everything. */
export type HintListener = (key: string | undefined) => void;

/**
 * Tells all hubs on a database where there is something new to see. A hint is only "look again": the facts are rows, and one that is
 * lost with its process or its connection costs nothing but time.
 */
export interface Notifier {
  /** Gives a hint after the commit of `tx`, and none after its rollback. `topic` and `key` are short: 200 characters in all. */
  notify(tx: Tx, topic: string, key: string): void;
  /** Calls back for every hint of a topic, those of this process too. Returns the way to stop. */
  listen(topic: string, listener: HintListener): () => void;
  close(): Promise<void>;
}

/** Hints within one process: all that a SQLite file needs, as it has one hub. */
export class LocalNotifier implements Notifier {
  readonly #listeners = new Map<string, Set<HintListener>>();

  notify(tx: Tx, topic: string, key: string): void {
    tx.afterCommit(() => this.tell(topic, key));
  }

  listen(topic: string, listener: HintListener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Calls the listeners of a topic. */
  tell(topic: string, key: string | undefined): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener(key);
  }

  /** Has every listener look at everything. */
  tellAll(): void {
    for (const topic of this.#listeners.keys()) this.tell(topic, undefined);
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }
}
