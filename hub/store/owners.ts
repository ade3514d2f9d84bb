import { type RawBuilder, sql } from "kysely";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import { type Dialect, skipLocked } from "./database.js";
import type { Db } from "./schema.js";

/** Runs that are claimed at a time. */
const pageRuns = 1_000;

/** By what a process may write for a run: it is the run's owner, and the run has still this fence. */
export interface Lease {
  readonly owner: string;
  readonly fence: number;
}

/** Whether a run is still one's own: writers take turns, so that it stays so until the transaction is over. */
export async function holdsLease(db: Db, runId: RunId, { owner, fence }: Lease): Promise<boolean> {
  const row = await db
    .selectFrom("snapshots")
    .select("fence")
    .where("run_id", "=", runId)
    .where("owner", "=", owner)
    .where("fence", "=", fence)
    .executeTakeFirst();
  return row !== undefined;
}

export const leaseLost = (runId: RunId): ComityError =>
  new ComityError("LEASE_LOST", `Run ${runId} is worked on by another hub.`, { hint: "It goes on there." });

/** A run, and the fence under which it was taken. */
export interface ClaimedRun {
  readonly runId: RunId;
  readonly fence: number;
}

/** The database's idea of now, see `sharedNowMs`. */
type Now = RawBuilder<number>;

/** Who takes runs, and which: those whose journals it can read, up to this format. */
interface Claim {
  readonly owner: string;
  readonly now: Now;
  readonly format: number;
}

/** Says that an owner is alive for the next `leaseMs`. */
export async function saveOwner(db: Db, owner: string, now: Now, leaseMs: number): Promise<void> {
  const until = sql<number>`${now} + cast(${leaseMs} as bigint)`;
  await db
    .insertInto("owners")
    .values({ owner, lease_until_ms: until })
    .onConflict((conflict) => conflict.column("owner").doUpdateSet({ lease_until_ms: until }))
    .execute();
}

/** The owner gives up its runs: others need not wait for the end of its lease. */
export async function removeOwner(db: Db, owner: string): Promise<void> {
  await db.deleteFrom("owners").where("owner", "=", owner).execute();
}

/** Where one process has the database to itself, all others are gone. */
export async function removeOtherOwners(db: Db, owner: string): Promise<void> {
  await db.deleteFrom("owners").where("owner", "!=", owner).execute();
}

/**
 * Takes live runs that nobody works on: theirs was the last owner's lease. Each gets a new fence, so that the last owner, should it
 * come back, can write no more. A run that is over is taken for what of its calls is still to be done. Returns what was taken.
 */
export async function claimRuns(
  db: Db,
  { owner, now, format, dialect }: Claim & { dialect: Dialect },
): Promise<ClaimedRun[]> {
  const claimed: ClaimedRun[] = [];
  for (;;) {
    const orphans = db
      .selectFrom("snapshots")
      .select("run_id")
      .where((eb) =>
        eb.or([eb("live", "=", 1), eb("run_id", "in", eb.selectFrom("effects").select("effects.run_id"))]),
      )
      .where("format", "<=", format)
      .where("owner", "not in", (eb) =>
        eb.selectFrom("owners").select("owners.owner").where("lease_until_ms", ">", now),
      )
      .limit(pageRuns);
    const rows = await db
      .updateTable("snapshots")
      .set((eb) => ({ owner, fence: eb("fence", "+", 1) }))
      .where("run_id", "in", skipLocked(dialect, orphans))
      .returning(["run_id", "fence"])
      .execute();
    for (const row of rows) claimed.push({ runId: row.run_id as RunId, fence: row.fence });
    if (rows.length < pageRuns) return claimed;
  }
}

/** Takes one run, live or over, unless somebody who is alive works on it or its journal is too new. Returns its fence, or undefined. */
export async function claimRun(
  db: Db,
  runId: RunId,
  { owner, now, format }: Claim,
): Promise<number | undefined> {
  const row = await db
    .updateTable("snapshots")
    .set((eb) => ({ owner, fence: eb("fence", "+", 1) }))
    .where("run_id", "=", runId)
    .where("format", "<=", format)
    .where("owner", "not in", (eb) =>
      eb.selectFrom("owners").select("owners.owner").where("lease_until_ms", ">", now),
    )
    .returning("fence")
    .executeTakeFirst();
  return row?.fence;
}

/** How many live runs have journals of a newer format than this. */
export async function countNewerRuns(db: Db, format: number): Promise<number> {
  const { runs } = await db
    .selectFrom("snapshots")
    .select((eb) => eb.fn.countAll<number>().as("runs"))
    .where("live", "=", 1)
    .where("format", ">", format)
    .executeTakeFirstOrThrow();
  return runs;
}

/** Leaves something for whoever works on the run. */
export async function putIntoInbox(db: Db, runId: RunId, itemId: string, event: string): Promise<void> {
  await db
    .insertInto("inbox")
    .values({ run_id: runId, item_id: itemId, event })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** What lies in a run's inbox, the oldest first. */
export const inboxOf = (db: Db, runId: RunId): Promise<{ item_id: string; event: string }[]> =>
  db
    .selectFrom("inbox")
    .select(["item_id", "event"])
    .where("run_id", "=", runId)
    .orderBy("item_id")
    .execute();

export async function removeFromInbox(db: Db, runId: RunId, itemId: string): Promise<void> {
  await db.deleteFrom("inbox").where("run_id", "=", runId).where("item_id", "=", itemId).execute();
}
