import { sql } from "kysely";
import type { Dialect } from "./database.js";
import type { Db } from "./schema.js";

/** Hubs that share a database take places one after the other, so that two cannot count the same free one. */
export async function lockLimits(db: Db, dialect: Dialect): Promise<void> {
  if (dialect === "postgres") await sql`select pg_advisory_xact_lock(7041)`.execute(db);
}

/** Who holds a place under a limit now. */
export async function holdersOf(db: Db, limitKey: string): Promise<string[]> {
  const rows = await db
    .selectFrom("limit_holders")
    .select("holder")
    .where("limit_key", "=", limitKey)
    .execute();
  return rows.map((row) => row.holder);
}

/** Everybody who holds a place. */
export async function allHolders(db: Db): Promise<string[]> {
  const rows = await db.selectFrom("limit_holders").select("holder").distinct().execute();
  return rows.map((row) => row.holder);
}

/** When the places under a rate were taken, the oldest first; those from before `sinceMs` are forgotten. */
export async function takenSince(db: Db, limitKey: string, sinceMs: number): Promise<number[]> {
  await db
    .deleteFrom("limit_holders")
    .where("limit_key", "=", limitKey)
    .where("since_ms", "<=", sinceMs)
    .execute();
  const rows = await db
    .selectFrom("limit_holders")
    .select("since_ms")
    .where("limit_key", "=", limitKey)
    .orderBy("since_ms")
    .execute();
  return rows.map((row) => row.since_ms);
}

export async function insertHolder(db: Db, limitKey: string, holder: string, sinceMs: number): Promise<void> {
  await db
    .insertInto("limit_holders")
    .values({ limit_key: limitKey, holder, since_ms: sinceMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Gives back all places that a run or a call holds. */
export async function removeHolder(db: Db, holder: string): Promise<void> {
  await db.deleteFrom("limit_holders").where("holder", "=", holder).execute();
}
