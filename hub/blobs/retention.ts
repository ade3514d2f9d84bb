import { isReleased, releaseUpdates, wantedBlobs } from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import { Serial } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import type { BlobStore } from "./store.js";

interface Parts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Removes blobs that have done their duty: first the word in the store, then the file. */
export class Retention {
  readonly #parts: Parts;
  /** Those who add a blob now, by its digest. */
  readonly #adding = new Map<Sha256, Set<Promise<unknown>>>();
  /** The blob that is being removed now. */
  #removal: { readonly sha256: Sha256; readonly done: Promise<void> } | undefined;
  readonly #removing = new Serial();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Runs what adds a blob and its row, while nobody removes the same blob; others may add it at the same time. */
  async whileKept<T>(sha256: Sha256, work: () => Promise<T>): Promise<T> {
    while (this.#removal?.sha256 === sha256) await this.#removal.done;
    const adding = this.#adding.get(sha256) ?? new Set();
    this.#adding.set(sha256, adding);
    const added = work();
    adding.add(added);
    try {
      return await added;
    } finally {
      adding.delete(added);
      if (adding.size === 0) this.#adding.delete(sha256);
    }
  }

  /** Releases the updates of a round that has been aggregated, and parts of those that came too late, within the transaction that says so. */
  async releaseRound(tx: Tx, runId: RunId, round: number): Promise<void> {
    const released = await releaseUpdates(tx.db, runId, round, this.#parts.clock.nowMs());
    tx.afterCommit(() => void this.#removing.run(() => this.#removeAll(released, `${runId}.${round}.`)));
  }

  /** At the start, before anything else is written: removes the files that no row wants, left by a hub that was killed in between. */
  async sweep(): Promise<void> {
    const { store, blobs } = this.#parts;
    const wanted = new Set(await wantedBlobs(store.db));
    for (const sha256 of await blobs.list()) if (!wanted.has(sha256)) await blobs.remove(sha256);
  }

  /** Settles when what was released so far is gone. */
  idle(): Promise<void> {
    return this.#removing.idle();
  }

  async #removeAll(released: readonly Sha256[], staged: string): Promise<void> {
    await this.#parts.blobs.discardStaged(staged).catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, "parts of updates that nobody waits for could not be removed");
    });
    for (const sha256 of released) {
      await this.#alone(sha256, async () => {
        if (await isReleased(this.#parts.store.db, sha256)) await this.#parts.blobs.remove(sha256);
      }).catch((error: unknown) => {
        const text = "a blob could not be removed; the next start tries again";
        this.#parts.log.warn({ sha256, err: error }, text);
      });
    }
  }

  /** Runs a removal while nobody adds the blob. Removals come one after the other. */
  async #alone(sha256: Sha256, remove: () => Promise<void>): Promise<void> {
    for (let adding; (adding = this.#adding.get(sha256)) !== undefined; ) await Promise.allSettled(adding);
    const done = remove();
    this.#removal = { sha256, done: done.catch(() => undefined) };
    await done.finally(() => (this.#removal = undefined));
  }
}
