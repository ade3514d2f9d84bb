import type { RunFeed } from "#hub/runs/feed.js";
import type { Store } from "#hub/store/store.js";
import { foldJournal, type WrittenBatch, writeBatches } from "#hub/store/transitions.js";
import type { Gatherer, Tx } from "#hub/store/tx.js";
import type { Batch } from "./batch.js";
import type { Payloads } from "./payloads.js";

interface Item extends WrittenBatch {
  kept: boolean;
}

/** Writes transitions: those of all runs that are ready at the same moment together. */
export class BatchWriter implements Gatherer<Item> {
  readonly #store: Store;
  readonly #feed: RunFeed;
  readonly #payloads: Payloads;

  constructor(store: Store, feed: RunFeed, payloads: Payloads) {
    this.#store = store;
    this.#feed = feed;
    this.#payloads = payloads;
  }

  /** Makes a batch durable, then calls back in the same turn; false, without the call, when the run has another owner by now. */
  async commit(batch: Batch, after: () => void): Promise<boolean> {
    const item = await this.item(batch);
    await this.#store.put(this, item, () => {
      if (item.kept) after();
    });
    return item.kept;
  }

  /** Writes the first batch of a run in the transaction that makes the run. */
  add(tx: Tx, item: Item): void {
    tx.gather(this, item);
  }

  /** A batch whose payloads are durable. */
  async item(batch: Batch): Promise<Item> {
    const blobs = batch.payloads.length === 0 ? [] : await this.#payloads.keep(batch.payloads);
    return { batch, blobs, kept: false };
  }

  async write(tx: Tx, items: readonly Item[]): Promise<void> {
    const written = await writeBatches(tx.db, items);
    for (const item of items) {
      item.kept = written.has(item);
      if (item.kept && item.batch.folds) await foldJournal(tx.db, item.batch.runId);
    }
    for (const { kept, batch } of items)
      if (kept) for (const event of batch.news) this.#feed.append(tx, event);
  }
}
