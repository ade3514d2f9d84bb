import { smallBlobs } from "#hub/store/blobs.js";
import type { Store } from "#hub/store/store.js";
import type { Sha256 } from "#kernel/ids.js";
import { type BlobRef, isInline } from "#kernel/refs.js";
import { readChunks } from "#proto/codec/bytes.js";
import type { BlobStore } from "./store.js";

/** Where the bytes of a blob are: a file that was checked, or the row itself. */
export type Bytes = { readonly path: string } | { readonly inline: Uint8Array };

/** Reads blobs wherever they lie: few bytes beside the rows that name them, many in files. */
export class BlobReader {
  readonly #store: Store;
  readonly #blobs: BlobStore;

  constructor(store: Store, blobs: BlobStore) {
    this.#store = store;
    this.#blobs = blobs;
  }

  /** Throws `BLOB_NOT_FOUND`. */
  async bytesOf(blob: BlobRef): Promise<Bytes> {
    const [bytes] = await this.bytesOfAll([blob]);
    return bytes as Bytes;
  }

  /** In the same order. Throws `BLOB_NOT_FOUND`. */
  async bytesOfAll(blobs: readonly BlobRef[]): Promise<readonly Bytes[]> {
    const few = blobs.filter(isInline).map(({ sha256 }) => sha256);
    const small = await smallBlobs(this.#store.db, few);
    const found: Bytes[] = [];
    for (const { sha256 } of blobs) {
      const inline = small.get(sha256);
      // A hub of before has small ones in files, too.
      found.push(inline === undefined ? { path: await this.#blobs.localPath(sha256) } : { inline });
    }
    return found;
  }

  /** The bytes from an offset on, in pieces. Throws `BLOB_NOT_FOUND`. */
  async *read(sha256: Sha256, offset: number): AsyncGenerator<Uint8Array> {
    const inline = (await smallBlobs(this.#store.db, [sha256])).get(sha256);
    if (inline === undefined) yield* readChunks(await this.#blobs.localPath(sha256), offset);
    else if (offset < inline.length) yield inline.subarray(offset);
  }
}
