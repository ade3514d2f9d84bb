import { readFile } from "node:fs/promises";
import type { BlobStore } from "#hub/blobs/store.js";
import { ComityError } from "#kernel/errors.js";
import type { Sha256 } from "#kernel/ids.js";
import type { PayloadStore } from "./model.js";

/** Large values of a hub whose rows are in memory too. */
export function memoryPayloads(): PayloadStore {
  const kept = new Map<Sha256, Uint8Array>();
  return {
    put: (bytes, sha256) => {
      kept.set(sha256, bytes);
      return Promise.resolve();
    },
    read: (sha256) => {
      const bytes = kept.get(sha256);
      return bytes === undefined
        ? Promise.reject(new ComityError("BLOB_NOT_FOUND", `There is no blob ${sha256}.`))
        : Promise.resolve(bytes);
    },
  };
}

/** Large values of a hub, among its blobs. */
export const filePayloads = (blobs: BlobStore): PayloadStore => ({
  put: (bytes, sha256) => blobs.put(bytes, sha256),
  read: async (sha256) => readFile(await blobs.localPath(sha256)),
});
