import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";

/** A blob that has been written; its bytes are not synced yet: that is for whoever makes it count. */
export interface WrittenBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Writes a file from its beginning to its end, and takes its digest on the way. */
export class BlobWriter {
  #file: number | undefined;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w", 0o600);
  }

  /** Does not keep the bytes. */
  write(bytes: Uint8Array): void {
    if (this.#file === undefined) return;
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done, bytes.length - done);
    this.#sizeBytes += bytes.length;
  }

  finish(): WrittenBlob {
    this.close();
    return { sha256: this.#hash.digest("hex"), sizeBytes: this.#sizeBytes };
  }

  /** Closes the file, whether it is finished or not. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
