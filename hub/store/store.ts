import type { Kysely, Transaction } from "kysely";
import { type Log, silentLog } from "#kernel/log.js";
import type { Schema } from "./schema.js";

/** How long a fact that is not urgent may wait for others. */
const soonMs = 20;

/** One write transaction. What must be told to others is told after COMMIT: nobody acts on a fact that may yet vanish. */
export interface Tx {
  readonly db: Transaction<Schema>;
  /** Calls back after COMMIT, in the order of registration; never after a rollback. */
  afterCommit(callback: () => void): void;
}

/** The hub's database: reads go to {@link Store.db}, every change goes through {@link Store.write}. */
export class Store {
  readonly db: Kysely<Schema>;
  readonly #log: Log;
  readonly #soon: ((tx: Tx) => Promise<void>)[] = [];
  #soonTimer: NodeJS.Timeout | undefined;

  constructor(db: Kysely<Schema>, log: Log = silentLog) {
    this.db = db;
    this.#log = log;
  }

  /** Runs `work` in one transaction. When the promise resolves, the change is durable. */
  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const callbacks: (() => void)[] = [];
    const result = await this.db
      .transaction()
      .execute((db) => work({ db, afterCommit: (callback) => callbacks.push(callback) }));
    for (const callback of callbacks) callback();
    return result;
  }

  /**
   * Adds to the next shared transaction, which begins within 20 ms: for facts that are told but not relied on.
   * A crash before its commit loses them.
   */
  soon(work: (tx: Tx) => Promise<void>): void {
    this.#soon.push(work);
    this.#soonTimer ??= setTimeout(() => void this.#writeSoon(), soonMs);
  }

  async #writeSoon(): Promise<void> {
    clearTimeout(this.#soonTimer);
    this.#soonTimer = undefined;
    const works = this.#soon.splice(0);
    if (works.length === 0) return;
    try {
      await this.write(async (tx) => {
        for (const work of works) await work(tx);
      });
    } catch (error) {
      this.#log.error({ err: error }, "facts that were only to be told could not be written");
    }
  }

  async close(): Promise<void> {
    await this.#writeSoon();
    await this.db.destroy();
  }
}
