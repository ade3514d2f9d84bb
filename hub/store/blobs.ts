import type { Sha256 } from "#kernel/ids.js";
import type { BlobRef, CallRef } from "#kernel/refs.js";
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

/** A blob on its way into the rows: with its bytes if there are few, else they are in the blob store. */
export interface NewBlob extends BlobRef {
  readonly inline?: Uint8Array;
}

const recordAll = new Bulk(
  "insert into blobs (sha256, size_bytes, created_at_ms, released_at_ms)",
  ["text", "bigint", "bigint", "bigint"],
  "on conflict (sha256) do update set released_at_ms = null",
);
const keepAll = new Bulk(
  "insert into small_blobs (sha256, bytes)",
  ["text", "bytes"],
  "on conflict do nothing",
);

/** Records blobs before the rows that name them, those of at most 64 KiB with their bytes. */
export async function keepBlobs(db: Db, blobs: readonly NewBlob[], nowMs: number): Promise<void> {
  // Several hubs lock the rows in one order.
  const each = [...new Map(blobs.map((blob) => [blob.sha256, blob])).values()].sort((a, b) =>
    a.sha256 < b.sha256 ? -1 : 1,
  );
  await recordAll.run(
    db,
    each.map(({ sha256, sizeBytes }) => [sha256, sizeBytes, nowMs, null]),
  );
  await keepAll.run(
    db,
    each.flatMap(({ sha256, inline }) => (inline === undefined ? [] : [[sha256, inline]])),
  );
}

const findSmall = new Bulk(
  "with v(sha256) as (",
  ["text"],
  ") select sha256, bytes from small_blobs where sha256 in (select sha256 from v)",
);

/** The bytes of those of these blobs that lie in the database. */
export async function smallBlobs(
  db: Db,
  digests: readonly Sha256[],
): Promise<ReadonlyMap<Sha256, Uint8Array>> {
  const rows = digests.map((sha256) => [sha256]);
  const found = await findSmall.run<{ sha256: Sha256; bytes: Uint8Array }>(db, rows);
  return new Map(found.map(({ sha256, bytes }) => [sha256, bytes]));
}

const hold = new Bulk("insert into blob_uses (holder, sha256)", ["text", "text"], "on conflict do nothing");

/** Says that a holder needs some blobs, besides those that it has. */
export async function holdBlobs(db: Db, holder: string, blobs: readonly BlobRef[]): Promise<void> {
  await holdEach(
    db,
    blobs.map((blob) => [holder, blob]),
  );
}

/** {@link holdBlobs} for several holders. */
export async function holdEach(
  db: Db,
  uses: readonly (readonly [holder: string, blob: BlobRef])[],
): Promise<void> {
  await hold.run(
    db,
    uses.map(([holder, { sha256 }]) => [holder, sha256]),
  );
}

const drop = new Bulk(
  "with v(holder) as (",
  ["text"],
  ") delete from blob_uses where holder in (select holder from v) returning sha256",
);

/** These holders need nothing any more: what nobody needs now is released. Returns it. */
export async function dropHolders(
  db: Db,
  holders: readonly string[],
  nowMs: number,
): Promise<readonly ReleasedBlob[]> {
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

const heldBy = new Prepared<{ sha256: string }>("select sha256 from blob_uses where holder = ?");

/** The holder needs these blobs and no others. Returns what is released, as {@link dropHolders} does. */
export async function holdOnly(
  db: Db,
  holder: string,
  blobs: readonly BlobRef[],
  nowMs: number,
): Promise<readonly ReleasedBlob[]> {
  const before = await heldBy.rows(db, [holder]);
  const wanted = new Set<string>(blobs.map(({ sha256 }) => sha256));
  const gone = before.map(({ sha256 }) => sha256).filter((sha256) => !wanted.has(sha256));
  await holdBlobs(db, holder, blobs);
  if (gone.length === 0) return [];
  await db.deleteFrom("blob_uses").where("holder", "=", holder).where("sha256", "in", gone).execute();
  return releaseUnused(db, gone, nowMs);
}

const findAnswers = new Prepared<{ holder: string }>(
  `select holder from blob_uses join assignments on blob_uses.holder = 'answer/' || assignments.assignment_id
    where run_id = ? and effect = ? and position >= ? and position <= ? and update_sha256 is not null`,
);

/** The holders of answers whose bytes are still there: of one round of a call, or of all. */
export async function answerHolders(
  db: Db,
  { runId, effect }: CallRef,
  position?: number,
): Promise<readonly string[]> {
  const values = [runId, effect, position ?? 0, position ?? Number.MAX_SAFE_INTEGER];
  return (await findAnswers.rows(db, values)).map(({ holder }) => holder);
}

const release = new Bulk(
  "with v(sha256, at_ms) as (",
  ["text", "bigint"],
  `) update blobs set released_at_ms = v.at_ms from v where blobs.sha256 = v.sha256 and blobs.released_at_ms is null
    and not exists (select 1 from blob_uses where blob_uses.sha256 = blobs.sha256) returning blobs.sha256 as sha256, blobs.size_bytes as size`,
);
const forget = new Bulk(
  "with v(sha256) as (",
  ["text"],
  ") delete from small_blobs where sha256 in (select sha256 from v) returning sha256",
);

/** A blob that nobody needs any more. */
export interface ReleasedBlob extends BlobRef {
  /** Its bytes may lie in a file, which may go; few bytes are gone with their row. */
  readonly hasFile: boolean;
}

/** Marks those of some blobs as released that nobody needs, and returns them. */
export async function releaseUnused(
  db: Db,
  candidates: readonly string[],
  nowMs: number,
): Promise<readonly ReleasedBlob[]> {
  const rows = [...new Set(candidates)].map((sha256) => [sha256, nowMs]);
  const released = await release.run<{ sha256: Sha256; size: number }>(db, rows);
  const gone = await forget.run<{ sha256: Sha256 }>(
    db,
    released.map(({ sha256 }) => [sha256]),
  );
  const small = new Set(gone.map(({ sha256 }) => sha256));
  return released.map(({ sha256, size }) => ({ sha256, sizeBytes: size, hasFile: !small.has(sha256) }));
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
export async function wantedBlobs(db: Db): Promise<BlobRef[]> {
  const rows = await db
    .selectFrom("blobs")
    .select(["sha256", "size_bytes"])
    .where("released_at_ms", "is", null)
    .execute();
  return rows.map((row) => ({ sha256: row.sha256 as Sha256, sizeBytes: row.size_bytes }));
}

/** Whether the store has recorded that nobody needs a blob any more. */
export async function isReleased(db: Db, sha256: Sha256): Promise<boolean> {
  const row = await db
    .selectFrom("blobs")
    .select("released_at_ms")
    .where("sha256", "=", sha256)
    .executeTakeFirst();
  return row !== undefined && row.released_at_ms !== null;
}
