import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ComityError } from "#kernel/errors.js";
import { hashFile, makeDirectory } from "#kernel/files.js";
import { isSha256, type Sha256 } from "#kernel/ids.js";
import type { BlobRef } from "#kernel/refs.js";

/** An interrupted fetch is gone on with, unless it is older than this. */
const keepPartsMs = 24 * 3_600_000;

/** A blob's bytes from an offset on. */
export type Source = (offset: number) => AsyncIterable<Uint8Array>;

/** A blob on disk that stays there until it is released. */
export interface CachedBlob {
  readonly path: string;
  release(): void;
}

interface Kept {
  readonly sizeBytes: number;
  /** Read and compared with its digest since the agent started. */
  verified: boolean;
  users: number;
}

/**
 * Inputs by digest, so that a model is fetched once however often it is needed. Files are not synced: after a power cut
 * a damaged one is noticed, because each is verified before its first use in a process.
 */
export class BlobCache {
  readonly #dir: string;
  readonly #maxBytes: number;
  /** In the order of their last use, oldest first. */
  readonly #kept = new Map<string, Kept>();
  readonly #fetching = new Map<string, Promise<void>>();
  #totalBytes = 0;

  /** `maxBytes`: above it the blobs longest out of use are removed, except those in use. */
  constructor(dir: string, maxBytes: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
  }

  /** Makes the folder and takes stock of it. */
  async prepare(): Promise<void> {
    await makeDirectory(this.#dir);
    const found: { name: string; sizeBytes: number; usedMs: number }[] = [];
    for (const name of await readdir(this.#dir)) {
      const { size, mtimeMs } = await stat(join(this.#dir, name));
      if (name.endsWith(".part") && Date.now() - mtimeMs > keepPartsMs)
        await rm(join(this.#dir, name), { force: true });
      if (!isSha256(name)) continue;
      found.push({ name, sizeBytes: size, usedMs: mtimeMs });
    }
    for (const { name, sizeBytes } of found.sort((a, b) => a.usedMs - b.usedMs)) {
      this.#kept.set(name, { sizeBytes, verified: false, users: 0 });
      this.#totalBytes += sizeBytes;
    }
    await this.#evict();
  }

  /** The blob, from disk or from its source; an interrupted fetch goes on where it stopped. Throws what the source throws. */
  async acquire(blob: BlobRef, source: Source): Promise<CachedBlob> {
    for (;;) {
      const kept = await this.#lookUp(blob);
      if (kept !== undefined) return this.#hand(blob.sha256, kept);
      await this.#fetchOnce(blob, source);
    }
  }

  async #lookUp(blob: BlobRef): Promise<Kept | undefined> {
    const kept = this.#kept.get(blob.sha256);
    if (kept === undefined || kept.verified) return kept;
    kept.users++;
    const path = join(this.#dir, blob.sha256);
    const sound = (await hashFile(path).catch(() => undefined)) === blob.sha256;
    kept.users--;
    if (sound) kept.verified = true;
    else if (this.#kept.get(blob.sha256) === kept) await this.#remove(blob.sha256, kept);
    return this.#kept.get(blob.sha256);
  }

  #hand(sha256: Sha256, kept: Kept): CachedBlob {
    kept.users++;
    this.#kept.delete(sha256);
    this.#kept.set(sha256, kept);
    let released = false;
    return {
      path: join(this.#dir, sha256),
      release: () => {
        if (released) return;
        released = true;
        kept.users--;
      },
    };
  }

  /** Two assignments that need the same blob wait for one fetch. */
  async #fetchOnce(blob: BlobRef, source: Source): Promise<void> {
    let fetching = this.#fetching.get(blob.sha256);
    if (fetching === undefined) {
      fetching = this.#fetch(blob, source).finally(() => this.#fetching.delete(blob.sha256));
      this.#fetching.set(blob.sha256, fetching);
    }
    await fetching;
  }

  async #fetch(blob: BlobRef, source: Source): Promise<void> {
    const path = join(this.#dir, blob.sha256);
    const part = `${path}.part`;
    const hash = createHash("sha256");
    let offset = await hashPart(part, blob.sizeBytes, hash);
    const file = await open(part, offset === 0 ? "w" : "a");
    try {
      if (offset < blob.sizeBytes) {
        for await (const bytes of source(offset)) {
          offset += bytes.length;
          if (offset > blob.sizeBytes) break;
          hash.update(bytes);
          await file.write(bytes);
        }
      }
    } finally {
      await file.close();
    }
    if (offset < blob.sizeBytes) {
      throw new ComityError("HUB_UNREACHABLE", `The input ended after ${offset} of ${blob.sizeBytes} bytes.`);
    }
    if (offset > blob.sizeBytes || hash.digest("hex") !== blob.sha256) {
      await rm(part, { force: true });
      throw new ComityError(
        "BLOB_DAMAGED",
        "The input that the hub sent does not have the digest that the offer names.",
        {
          hint: "It is fetched again; if it happens often, look at the network and the disks on the way.",
        },
      );
    }
    await rename(part, path);
    this.#kept.set(blob.sha256, { sizeBytes: blob.sizeBytes, verified: true, users: 0 });
    this.#totalBytes += blob.sizeBytes;
    await this.#evict(blob.sha256);
  }

  async #evict(spare?: Sha256): Promise<void> {
    for (const [name, kept] of this.#kept) {
      if (this.#totalBytes <= this.#maxBytes) return;
      if (kept.users === 0 && name !== spare) await this.#remove(name, kept);
    }
  }

  async #remove(name: string, kept: Kept): Promise<void> {
    this.#kept.delete(name);
    this.#totalBytes -= kept.sizeBytes;
    await rm(join(this.#dir, name), { force: true });
  }
}

/** Takes what an interrupted fetch has left into the hash; its length, or 0 when there is nothing to go on from. */
async function hashPart(path: string, maxBytes: number, hash: Hash): Promise<number> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0 || size > maxBytes) return 0;
  for await (const bytes of createReadStream(path, { highWaterMark: 1 << 20 }))
    hash.update(bytes as Uint8Array);
  return size;
}
