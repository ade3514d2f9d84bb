import { smallBlob } from "#hub/store/blobs.js";
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
  async bytesOf({ sha256, sizeBytes }: BlobRef): Promise<Bytes> {
    const inline = isInline({ sha256, sizeBytes }) ? await smallBlob(this.#store.db, sha256) : undefined;
    // A hub of before has small ones in files, too.
    return inline === undefined ? { path: await this.#blobs.localPath(sha256) } : { inline };
  }

  /** The bytes from an offset on, in pieces. Throws `BLOB_NOT_FOUND`. */
  async *read(sha256: Sha256, offset: number): AsyncGenerator<Uint8Array> {
    const inline = await smallBlob(this.#store.db, sha256);
    if (inline === undefined) yield* readChunks(await this.#blobs.localPath(sha256), offset);
    else if (offset < inline.length) yield inline.subarray(offset);
  }
}
