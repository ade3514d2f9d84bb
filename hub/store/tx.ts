import type { Transaction } from "kysely";
import type { Schema } from "./schema.js";

/** Writes what works gather over a transaction, once for all of them at its end. */
export interface Gatherer<Item> {
  /** What was put on its own comes before the works that share the transaction: they see it. Else after them. */
  readonly isFirst?: boolean;
  /** `tx` is the whole transaction; what is gathered by it is written after this. */
  write(tx: Tx, items: readonly Item[]): Promise<void>;
}

/** One unit of writing. What must be told to others is told after COMMIT: nobody acts on a fact that may yet vanish. */
export interface Tx {
  readonly db: Transaction<Schema>;
  /** Calls back after COMMIT, in the order of registration; never after a rollback. */
  afterCommit(callback: () => void): void;
  /** Hands an item to be written at the end of the transaction; forgotten when this unit is rolled back. */
  gather<Item>(gatherer: Gatherer<Item>, item: Item): void;
}
