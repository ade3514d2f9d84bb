import {
  dropHolders,
  holdOnly,
  isWanted,
  type ReleasedBlob,
  releaseUnused,
  wantedBlobs,
} from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import { Serial } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { Sha256 } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import type { BlobRef } from "#kernel/refs.js";
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

  /** Runs what adds blobs and their rows, while nobody removes one of them; others may add the same at the same time. */
  async whileKept<T>(blobs: readonly Sha256[], work: () => Promise<T>): Promise<T> {
    while (this.#removal !== undefined && blobs.includes(this.#removal.sha256)) await this.#removal.done;
    const added = work();
    for (const sha256 of blobs) {
      const adding = this.#adding.get(sha256) ?? new Set();
      this.#adding.set(sha256, adding.add(added));
    }
    try {
      return await added;
    } finally {
      for (const sha256 of blobs) {
        const adding = this.#adding.get(sha256);
        adding?.delete(added);
        if (adding?.size === 0) this.#adding.delete(sha256);
      }
    }
  }

  /** The rows that would have named these blobs were not written: their files go, unless others want them. */
  forsake(blobs: readonly Sha256[]): void {
    if (blobs.length > 0) void this.#removing.run(() => this.#removeAll(blobs));
  }

  /** These holders need nothing any more: what nobody needs then goes after the commit. */
  async drop(tx: Tx, holders: readonly string[]): Promise<void> {
    this.#remove(tx, await dropHolders(tx.db, holders, this.#parts.clock.nowMs()));
  }

  /** The holder needs these blobs and no others. */
  async holdOnly(tx: Tx, holder: string, blobs: readonly BlobRef[]): Promise<void> {
    this.#remove(tx, await holdOnly(tx.db, holder, blobs, this.#parts.clock.nowMs()));
  }

  /** These blobs have rows, and whoever was to need them does not: what nobody needs goes after the commit. */
  async release(tx: Tx, blobs: readonly BlobRef[]): Promise<void> {
    const digests = blobs.map(({ sha256 }) => sha256);
    this.#remove(tx, await releaseUnused(tx.db, digests, this.#parts.clock.nowMs()));
  }

  /** After the commit, parts of answers whose staging keys begin so go: nobody waits for them any more. */
  discardStaged(tx: Tx, prefix: string): void {
    tx.afterCommit(() => void this.#removing.run(() => this.#discard(prefix)));
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

  #remove(tx: Tx, released: readonly ReleasedBlob[]): void {
    const files = released.filter(({ hasFile }) => hasFile).map(({ sha256 }) => sha256);
    tx.afterCommit(() => this.forsake(files));
  }

  async #discard(prefix: string): Promise<void> {
    await this.#parts.blobs.discardStaged(prefix).catch((error: unknown) => {
      this.#parts.log.warn({ err: error }, "parts of updates that nobody waits for could not be removed");
    });
  }

  async #removeAll(unwanted: readonly Sha256[]): Promise<void> {
    for (const sha256 of unwanted) {
      await this.#alone(sha256, async () => {
        if (!(await isWanted(this.#parts.store.db, sha256))) await this.#parts.blobs.remove(sha256);
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
