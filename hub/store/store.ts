import type { Kysely, Transaction } from "kysely";
import type { Schema } from "./schema.js";

/** One write transaction. What must be told to others is told after COMMIT: nobody acts on a fact that may yet vanish. */
export interface Tx {
  readonly db: Transaction<Schema>;
  /** Calls back after COMMIT, in the order of registration; never after a rollback. */
  afterCommit(callback: () => void): void;
}

/** The hub's database: reads go to {@link Store.db}, every change goes through {@link Store.write}. */
export class Store {
  readonly db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.db = db;
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

  async close(): Promise<void> {
    await this.db.destroy();
  }
}
