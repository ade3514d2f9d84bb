import { createHash } from "node:crypto";
import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { type FileHandle, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ComityError } from "#kernel/errors.js";
import { makeDirectory, syncFile, syncPath } from "#kernel/files.js";
import { isSha256, type Sha256 } from "#kernel/ids.js";
import { Quarantine } from "./quarantine.js";

/**
 * Bytes by their SHA-256. What is here under its digest is whole and durable: it was written elsewhere first, synced, then renamed.
 * A row that names a blob is written after the blob.
 */
export interface BlobStore {
  /** A file on this machine that holds the blob. Throws `BLOB_NOT_FOUND`. */
  localPath(sha256: Sha256): Promise<string>;
  /** Bytes staged so far under a key. */
  stagedBytes(key: string): Promise<number>;
  /** Goes on writing what is staged under a key. */
  stage(key: string): Promise<StagedBlob>;
  /** A path for a worker that writes a whole blob itself, to be given to {@link BlobStore.adopt}. */
  scratchPath(key: string): string;
  /** Syncs a finished scratch file and takes it in under its digest. */
  adopt(path: string, sha256: Sha256): Promise<void>;
  /** Forgets what is staged under keys that begin so. */
  discardStaged(prefix: string): Promise<void>;
  /** Removes a blob; nothing happens where there is none. */
  remove(sha256: Sha256): Promise<void>;
  /** The digests of all blobs that are here. */
  list(): Promise<Sha256[]>;
  /** Where blobs go that may be somebody's. */
  readonly quarantine: Quarantine;
  /** Keeps bytes that are at hand, and few. */
  put(bytes: Uint8Array, sha256: Sha256): Promise<void>;
}

/** A blob on its way in. */
export interface StagedBlob {
  /** Where it lies until it is committed. */
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Syncs and moves it to its digest, which the caller has verified. What the disk could not take is discarded. */
  commit(sha256: Sha256): Promise<void>;
  /** Keeps what is written, for a later continuation, unless the disk could not take it. */
  close(): Promise<void>;
  discard(): Promise<void>;
}

/** A staged blob that has not been touched for so long belongs to nobody any more. */
const abandonedMs = 24 * 3_600_000;

/**
 * {@link BlobStore} on a local disk: `blobs/SHA256`, `blobs/incoming/KEY`, `blobs/quarantine/SHA256`. What takes microseconds is done at once, for handing it to
 * another thread and back takes longer; what waits for the disk, or moves many bytes, is done elsewhere.
 */
export class FileBlobStore implements BlobStore {
  /** What no row knows. */
  readonly quarantine: Quarantine;
  readonly #root: string;
  readonly #incoming: string;
  readonly #renames: SharedSync;

  constructor(root: string) {
    this.#root = root;
    this.#incoming = join(root, "incoming");
    this.quarantine = new Quarantine(root);
    this.#renames = new SharedSync(root);
  }

  /** Makes the folders, and clears what nobody has gone on with for a day. */
  async open(): Promise<this> {
    await makeDirectory(this.#incoming);
    for (const name of await readdir(this.#incoming)) {
      const path = join(this.#incoming, name);
      if (Date.now() - (await stat(path)).mtimeMs > abandonedMs) await rm(path, { force: true });
    }
    return this;
  }

  localPath(sha256: Sha256): Promise<string> {
    const path = this.#path(sha256);
    if (sizeOf(path) !== undefined) return Promise.resolve(path);
    const error = new ComityError("BLOB_NOT_FOUND", `There is no blob ${sha256}.`, {
      hint: "It may have been removed; ask for another version.",
    });
    return Promise.reject(error);
  }

  stagedBytes(key: string): Promise<number> {
    return Promise.resolve(sizeOf(this.scratchPath(key)) ?? 0);
  }

  async stage(key: string): Promise<StagedBlob> {
    const path = this.scratchPath(key);
    const file = await open(path, "a", 0o600);
    return new StagedFile(path, file, (sha256) => this.#publish(path, sha256));
  }

  scratchPath(key: string): string {
    return join(this.#incoming, key);
  }

  async adopt(path: string, sha256: Sha256): Promise<void> {
    await syncPath(path);
    await this.#publish(path, sha256);
  }

  async discardStaged(prefix: string): Promise<void> {
    for (const name of await readdir(this.#incoming)) {
      if (name.startsWith(prefix)) await rm(join(this.#incoming, name), { force: true });
    }
  }

  async remove(sha256: Sha256): Promise<void> {
    await rm(this.#path(sha256), { force: true });
  }

  async list(): Promise<Sha256[]> {
    return (await readdir(this.#root)).filter(isSha256);
  }

  async put(bytes: Uint8Array, sha256: Sha256): Promise<void> {
    const path = this.scratchPath(`put-${sha256}-${process.hrtime.bigint()}`);
    const file = openSync(path, "wx", 0o600);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      await syncFile(file);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
    await this.#publish(path, sha256);
  }

  async #publish(path: string, sha256: Sha256): Promise<void> {
    renameSync(path, this.#path(sha256));
    await this.#renames.sync();
  }

  #path(sha256: Sha256): string {
    return join(this.#root, sha256);
  }
}

/** Makes renames in a folder durable: one sync serves all that were made before it began. */
class SharedSync {
  readonly #folder: string;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  sync(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        this.#running = syncPath(this.#folder);
        return this.#running;
      });
    return this.#next;
  }
}

/** Bytes of a staged blob that may wait for the disk while more of it comes. Below that the last sync takes no time worth saving. */
const unsyncedBytes = 16 << 20;

class StagedFile implements StagedBlob {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #publish: (sha256: Sha256) => Promise<void>;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;

  constructor(path: string, file: FileHandle, publish: (sha256: Sha256) => Promise<void>) {
    this.path = path;
    this.#file = file;
    this.#publish = publish;
  }

  async write(chunk: Uint8Array): Promise<void> {
    let written = 0;
    while (written < chunk.length) written += (await this.#file.write(chunk, written)).bytesWritten;
    this.#unsynced += written;
    if (this.#unsynced >= unsyncedBytes) this.#syncEarly();
  }

  /** So that the disk works while bytes come, and not only when all uploads of a round are there at once. */
  #syncEarly(): void {
    if (this.#syncing !== undefined) return;
    this.#unsynced = 0;
    const syncing = this.#file.datasync();
    this.#syncing = syncing;
    // A failed one stays, for the disk tells of a fault only once.
    syncing.then(
      () => (this.#syncing = undefined),
      () => undefined,
    );
  }

  async commit(sha256: Sha256): Promise<void> {
    try {
      await this.#syncing;
      await this.#file.sync();
    } catch (error) {
      await this.discard();
      throw error;
    }
    await this.#file.close();
    await this.#publish(sha256);
  }

  async close(): Promise<void> {
    try {
      await this.#syncing;
    } catch {
      // Bytes are missing on the disk: nobody may go on from here.
      await this.discard();
      return;
    }
    await this.#file.close();
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true });
  }
}

/** The digest of bytes that come piece by piece. */
export function startHash(): { update(chunk: Uint8Array): void; digest(): Sha256 } {
  const hash = createHash("sha256");
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest("hex") as Sha256 };
}

const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;
