import type { Sha256 } from "#kernel/ids.js";
import { type BlobRef, type CallRef, isInline } from "#kernel/refs.js";
import { Bulk } from "./bulk.js";
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

/** Keeps a blob of at most 64 KiB with the row that names it. */
export async function keepSmallBlob(db: Db, blob: BlobRef, bytes: Uint8Array, nowMs: number): Promise<void> {
  await recordBlob(db, blob, nowMs);
  await db
    .insertInto("small_blobs")
    .values({ sha256: blob.sha256, bytes })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

const findSmall = new Prepared<{ bytes: Uint8Array }>("select bytes from small_blobs where sha256 = ?");

/** The bytes of a blob that lies in the database; undefined when it does not. */
export async function smallBlob(db: Db, sha256: Sha256): Promise<Uint8Array | undefined> {
  const [row] = await findSmall.rows(db, [sha256]);
  return row?.bytes;
}

const hold = new Bulk("insert into blob_uses (holder, sha256)", ["text", "text"], "on conflict do nothing");

/** Says that a holder needs some blobs, besides those that it has. */
export async function holdBlobs(db: Db, holder: string, blobs: readonly BlobRef[]): Promise<void> {
  const digests = new Set(blobs.map(({ sha256 }) => sha256));
  await hold.run(
    db,
    [...digests].map((sha256) => [holder, sha256]),
  );
}

const drop = new Bulk(
  "with v(holder) as (",
  ["text"],
  ") delete from blob_uses where holder in (select holder from v) returning sha256",
);

/** These holders need nothing any more. Returns the blobs that nobody needs now, marked as released: small ones are gone with it. */
export async function dropHolders(db: Db, holders: readonly string[], nowMs: number): Promise<BlobRef[]> {
  const dropped = await drop.run<{ sha256: string }>(
    db,
    holders.map((holder) => [holder]),
  );
  return releaseUnused(
    db,
    dropped.map(({ sha256 }) => sha256),
    nowMs,
  );
}

/** The holder needs these blobs and no others. Returns what is released, as {@link dropHolders} does. */
export async function holdOnly(
  db: Db,
  holder: string,
  blobs: readonly BlobRef[],
  nowMs: number,
): Promise<BlobRef[]> {
  const before = await db.selectFrom("blob_uses").select("sha256").where("holder", "=", holder).execute();
  const wanted = new Set<string>(blobs.map(({ sha256 }) => sha256));
  const gone = before.map(({ sha256 }) => sha256).filter((sha256) => !wanted.has(sha256));
  await holdBlobs(db, holder, blobs);
  if (gone.length === 0) return [];
  await db.deleteFrom("blob_uses").where("holder", "=", holder).where("sha256", "in", gone).execute();
  return releaseUnused(db, gone, nowMs);
}

const findAnswers = new Prepared<{ holder: string }>(
  `select holder from blob_uses join assignments on blob_uses.holder = 'answer/' || assignments.assignment_id
    where run_id = ? and effect = ? and position >= ? and position <= ?
      and (update_sha256 is not null or part is not null)`,
);

/** The holders of answers whose bytes are still there, or those of what their sites alone were given: of one round of a call, or of all. */
export async function answerHolders(
  db: Db,
  { runId, effect }: CallRef,
  position?: number,
): Promise<readonly string[]> {
  const values = [runId, effect, position ?? 0, position ?? Number.MAX_SAFE_INTEGER];
  return (await findAnswers.rows(db, values)).map(({ holder }) => holder);
}

async function releaseUnused(db: Db, candidates: readonly string[], nowMs: number): Promise<BlobRef[]> {
  if (candidates.length === 0) return [];
  const rows = await db
    .updateTable("blobs")
    .set({ released_at_ms: nowMs })
    .where("sha256", "in", [...new Set(candidates)])
    .where("released_at_ms", "is", null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom("blob_uses").select("holder").whereRef("blob_uses.sha256", "=", "blobs.sha256"),
        ),
      ),
    )
    .returning(["sha256", "size_bytes"])
    .execute();
  const released = rows.map((row) => ({ sha256: row.sha256 as Sha256, sizeBytes: row.size_bytes }));
  const small = released.filter(isInline).map(({ sha256 }) => sha256);
  if (small.length > 0) await db.deleteFrom("small_blobs").where("sha256", "in", small).execute();
  return released;
}

/** Whether some row wants a blob: there is one, and it is not released. */
export async function isWanted(db: Db, sha256: Sha256): Promise<boolean> {
  const row = await db
    .selectFrom("blobs")
    .select("released_at_ms")
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  return row !== undefined && row.released_at_ms === null;
}

/** Every blob that some row still wants. */
export async function wantedBlobs(db: Db): Promise<Sha256[]> {
  const rows = await db.selectFrom("blobs").select("sha256").where("released_at_ms", "is", null).execute();
  return rows.map(({ sha256 }) => sha256 as Sha256);
}
