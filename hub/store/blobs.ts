import type { BlobRef } from "#hub/assignments/model.js";
import type { Db } from "./schema.js";

/** Records that a blob is in the blob store; the row comes after the bytes. */
export async function recordBlob(db: Db, blob: BlobRef, nowMs: number): Promise<void> {
  await db
    .insertInto("blobs")
    .values({ sha256: blob.sha256, size_bytes: blob.sizeBytes, created_at_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
