import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import type { Sha256 } from "#kernel/ids.js";
import { inlineBytes } from "#kernel/refs.js";
import type { FoldedBlob } from "./job.js";

/** Bytes read back at a time. */
const readBytes = 1 << 20;

/**
 * Writes a blob and takes its digest: in memory when it is small, else into a file. It may have several regions that are
 * written side by side, each from its beginning to its end. The digest of the first is taken on the way, the others are read back for it.
 */
export class BlobWriter {
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #regions: { readonly begin: number; readonly end: number; at: number }[] = [];
  readonly #hash = createHash("sha256");
  #memory: Uint8Array | undefined;
  #file: number | undefined;

  /** `regions`: how many bytes each has, in their order in the blob. `path`: for a blob that is not small. */
  constructor(path: string, regions: readonly number[]) {
    let begin = 0;
    for (const bytes of regions) {
      this.#regions.push({ begin, end: begin + bytes, at: begin });
      begin += bytes;
    }
    this.#path = path;
    this.#sizeBytes = begin;
    if (begin <= inlineBytes) this.#memory = new Uint8Array(begin);
    else this.#file = openSync(path, "w+", 0o600);
  }

  /** Appends to a region. Does not keep the bytes. */
  write(bytes: Uint8Array, region = 0): void {
    const place = this.#regions[region];
    if (place === undefined || place.at + bytes.length > place.end)
      throw new Error("A blob has more bytes than were announced.");
    if (this.#memory !== undefined) this.#memory.set(bytes, place.at);
    else if (this.#file !== undefined) {
      if (region === 0) this.#hash.update(bytes);
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, place.at + done);
    }
    place.at += bytes.length;
  }

  /** What was written; the bytes of a file are not synced yet: that is for whoever makes it count. */
  finish(): FoldedBlob {
    if (this.#regions.some(({ at, end }) => at !== end))
      throw new Error("A blob has fewer bytes than were announced.");
    const sizeBytes = this.#sizeBytes;
    if (this.#memory !== undefined) {
      this.#hash.update(this.#memory);
      return { sha256: this.#hash.digest("hex") as Sha256, sizeBytes, inline: this.#memory };
    }
    if (this.#file !== undefined) this.#readBack(this.#file);
    this.#close();
    return { sha256: this.#hash.digest("hex") as Sha256, sizeBytes, path: this.#path };
  }

  /** Throws away what is not finished; does nothing to a blob that is. */
  abandon(): void {
    if (this.#file === undefined) return;
    this.#close();
    rmSync(this.#path, { force: true });
  }

  #readBack(file: number): void {
    const first = this.#regions[0]?.end ?? 0;
    const buffer = new Uint8Array(Math.min(readBytes, this.#sizeBytes - first));
    for (let at = first; at < this.#sizeBytes; ) {
      const bytes = readSync(file, buffer, 0, Math.min(buffer.length, this.#sizeBytes - at), at);
      if (bytes === 0) throw new Error("A blob is shorter than what was written.");
      this.#hash.update(buffer.subarray(0, bytes));
      at += bytes;
    }
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
