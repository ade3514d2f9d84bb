import type { BlobRef } from "#kernel/refs.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";

const record = new Prepared(
  `insert into blobs (sha256, size_bytes, created_at_ms, released_at_ms) values (?, ?, ?, null)
    on conflict (sha256) do update set released_at_ms = null`,
);

/** Records that a blob is in the blob store; the row comes after the bytes. */
export async function recordBlob(db: Db, blob: BlobRef, nowMs: number): Promise<void> {
  await record.changes(db, [blob.sha256, blob.sizeBytes, nowMs]);
}

/**
 * Releases the updates of an aggregated round: the model has them in it, and a single site's update should not lie about.
 * What a model or another round that still collects also names stays. Returns what was released.
 */
export async function releaseUpdates(db: Db, runId: RunId, round: number, nowMs: number): Promise<Sha256[]> {
  const released = await db
    .updateTable("blobs")
    .set({ released_at_ms: nowMs })
    .where("sha256", "in", (eb) =>
      eb
        .selectFrom("assignments")
        .select("update_sha256")
        .where("run_id", "=", runId)
        .where("round", "=", round)
        .where("update_sha256", "is not", null)
        .$castTo<{ update_sha256: string }>(),
    )
    .where("sha256", "not in", (eb) => eb.selectFrom("model_versions").select("sha256"))
    .where("sha256", "not in", (eb) =>
      eb
        .selectFrom("assignments")
        .innerJoin("rounds", (join) =>
          join
            .onRef("rounds.run_id", "=", "assignments.run_id")
            .onRef("rounds.round", "=", "assignments.round"),
        )
        .select("assignments.update_sha256")
        .where("assignments.update_sha256", "is not", null)
        .where("rounds.state", "in", ["collecting", "aggregating"])
        .where((or) => or.or([or("rounds.run_id", "!=", runId), or("rounds.round", "!=", round)]))
        .$castTo<{ update_sha256: string }>(),
    )
    .where("released_at_ms", "is", null)
    .returning("sha256")
    .execute();
  return released.map(({ sha256 }) => sha256 as Sha256);
}

/** Whether a blob is released, and nobody has brought it again since. */
export async function isReleased(db: Db, sha256: Sha256): Promise<boolean> {
  const row = await db
    .selectFrom("blobs")
    .select("released_at_ms")
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  return row !== undefined && row.released_at_ms !== null;
}

/** Every blob that some row still wants. */
export async function wantedBlobs(db: Db): Promise<Sha256[]> {
  const rows = await db.selectFrom("blobs").select("sha256").where("released_at_ms", "is", null).execute();
  return rows.map(({ sha256 }) => sha256 as Sha256);
}
