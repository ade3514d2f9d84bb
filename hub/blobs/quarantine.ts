import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "#kernel/errors.js";
import { makeDirectory, syncPath } from "#kernel/files.js";
import { isSha256, type Sha256 } from "#kernel/ids.js";

/**
 * Where blobs lie that no row knows: `blobs/quarantine/SHA256`. The time of a file is the one at which it came here. The folder is made
 * when it is needed.
 */
export class Quarantine {
  readonly #blobs: string;
  readonly #folder: string;

  constructor(blobs: string) {
    this.#blobs = blobs;
    this.#folder = join(blobs, "quarantine");
  }

  /** Puts blobs aside. A crash in between leaves each where it was, or here. */
  async put(blobs: readonly Sha256[], nowMs: number): Promise<void> {
    if (blobs.length === 0) return;
    await makeDirectory(this.#folder);
    for (const sha256 of blobs) {
      const from = join(this.#blobs, sha256);
      // Its time first: nobody must find it here with the time at which it was written.
      await utimes(from, nowMs / 1000, nowMs / 1000);
      await rename(from, join(this.#folder, sha256));
    }
    await this.#sync();
  }

  /** Puts back those of these blobs that are here, and returns them. */
  async restore(blobs: readonly Sha256[]): Promise<Sha256[]> {
    const here = new Set<string>(await this.#names());
    const restored = blobs.filter((sha256) => here.has(sha256));
    for (const sha256 of restored) await rename(join(this.#folder, sha256), join(this.#blobs, sha256));
    if (restored.length > 0) await this.#sync();
    return restored;
  }

  /** Removes what came here before a time; returns how many that were. */
  async clear(beforeMs: number): Promise<number> {
    let removed = 0;
    for (const name of await this.#names()) {
      const path = join(this.#folder, name);
      if ((await stat(path)).mtimeMs >= beforeMs) continue;
      await rm(path);
      removed++;
    }
    return removed;
  }

  async #names(): Promise<string[]> {
    try {
      // Whatever else lies there is not ours.
      return (await readdir(this.#folder)).filter(isSha256);
    } catch (error) {
      if (isSystemError(error, "ENOENT")) return [];
      throw error;
    }
  }

  async #sync(): Promise<void> {
    await syncPath(this.#folder);
    await syncPath(this.#blobs);
  }
}
