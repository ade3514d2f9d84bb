import {
  dropHolders,
  holdOnly,
  isReleased,
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
import { type BlobRef, isInline } from "#kernel/refs.js";
import type { BlobStore } from "./store.js";

interface Parts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a blob is kept that no row knows. */
const quarantineMs = 30 * 24 * 3_600_000;

/** Blobs that one line of the log names. */
const mostNamed = 20;

/** Removes blobs that have done their duty: first the word in the store, then the file. What no row knows may be somebody's, and is kept. */
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

  /** The rows that would have named these blobs were not written: the files that this process has brought go, unless others want them. */
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

  /**
   * At the start, before anything else is written: removes the files that the store has released, left by a hub that was killed in
   * between. What no row knows is put aside for 30 days, and comes back when a row wants it; where `keepsReleased`, so is what was released:
   * rows that are older than the files may not know that it was wanted again.
   */
  async sweep({ keepsReleased = false } = {}): Promise<void> {
    const { store, blobs, clock, log } = this.#parts;
    const here = new Set(await blobs.list());
    const nowMs = clock.nowMs();
    const absent = (await wantedBlobs(store.db)).filter(({ sha256 }) => !here.delete(sha256));
    const restored = await blobs.quarantine.restore(absent.map(({ sha256 }) => sha256));
    // Few bytes lie in the database.
    const missing = absent.filter((blob) => !isInline(blob) && !restored.includes(blob.sha256));
    const unknown: Sha256[] = [];
    for (const sha256 of here) {
      if (!keepsReleased && (await isReleased(store.db, sha256))) await blobs.remove(sha256);
      else unknown.push(sha256);
    }
    await blobs.quarantine.put(unknown, nowMs);
    const cleared = await blobs.quarantine.clear(nowMs - quarantineMs);
    const told = (found: readonly Sha256[]) => ({ count: found.length, blobs: found.slice(0, mostNamed) });
    if (restored.length > 0)
      log.warn(told(restored), "blobs have come back from the quarantine: rows want them");
    if (unknown.length > 0)
      log.warn(told(unknown), "no row knows these blobs: they are in blobs/quarantine for 30 days");
    if (missing.length > 0)
      log.error(
        told(missing.map(({ sha256 }) => sha256)),
        "blobs that rows want are missing: restore them from a backup",
      );
    if (cleared > 0)
      log.info(
        { count: cleared },
        "blobs that no row knew have been removed from the quarantine after 30 days",
      );
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
    const { store, blobs } = this.#parts;
    for (const sha256 of unwanted) {
      await this.#alone(sha256, async () => {
        if (await isWanted(store.db, sha256)) return;
        // Rows that are another hub's now, or older than they were, do not say what may go.
        await store.checkHeld();
        await blobs.remove(sha256);
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
