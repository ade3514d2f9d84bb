import { type Kysely, sql } from "kysely";
import type { Dialect } from "#hub/store/database.js";
import { Prepared } from "#hub/store/prepared.js";
import type { Db, Schema } from "#hub/store/schema.js";
import type { RunId, StoreId } from "#kernel/ids.js";
import type { FoundDatabase, KnownRuns, StoreRow } from "./model.js";

const findRow = new Prepared<{ store_id: string; seat: string; mark: number; marked_at_ms: number }>(
  "select store_id, seat, mark, marked_at_ms from store",
);

/** Which store a database is; undefined where it does not say. */
export async function findStoreRow(db: Db): Promise<StoreRow | undefined> {
  const [row] = await findRow.rows(db, []);
  if (row === undefined) return undefined;
  const { store_id: storeId, seat, mark, marked_at_ms: markedAtMs } = row;
  return { storeId: storeId as StoreId, seat, mark, markedAtMs };
}

/** Looks at a database before its schema is brought up to date: nothing is written to one that is not this hub's. */
export async function findDatabase(db: Kysely<Schema>, dialect: Dialect): Promise<FoundDatabase> {
  const tables = await tablesOf(db, dialect);
  const row = tables.has("store") ? await findStoreRow(db) : undefined;
  if (row !== undefined) return { is: "named", row };
  for (const table of ["operators", "sites", "runs"] as const) {
    if (!tables.has(table)) continue;
    const one = await db.selectFrom(table).select(sql<number>`1`.as("one")).limit(1).executeTakeFirst();
    if (one !== undefined) return { is: "unnamed", chain: await newestChain(db) };
  }
  return { is: "empty" };
}

/** A hub takes the rows: they get their identity if they have none, and a mark above all that was known. */
export async function takeSeat(db: Db, taken: StoreRow): Promise<void> {
  await db.deleteFrom("store").execute();
  const { storeId, seat, mark, markedAtMs } = taken;
  await db.insertInto("store").values({ store_id: storeId, seat, mark, marked_at_ms: markedAtMs }).execute();
}

const grow = new Prepared<{ mark: number }>(
  `update store set mark = mark + 1, marked_at_ms = ? where store_id = ? and seat = ? and mark >= ? returning mark`,
);

/** Grows the mark, if the row is still the seat's and has at least the mark that it left; undefined if not. */
export async function growMark(
  db: Db,
  { storeId, seat, mark, markedAtMs }: StoreRow,
): Promise<number | undefined> {
  const [row] = await grow.rows(db, [markedAtMs, storeId, seat, mark]);
  return row?.mark;
}

const live = ["queued", "running", "paused"] as const;

/** The newest events of runs: of those under way and of the newest ones, at most so many of each, and of those in `besides`. */
export async function knownRuns(
  db: Db,
  most: number,
  besides: readonly RunId[],
): Promise<{ live: KnownRuns; all: KnownRuns }> {
  const select = db.selectFrom("runs").select(["run_id", "event_seq"]);
  const byNewest = select.orderBy("run_id", "desc").limit(most);
  const underWay = toMap(await byNewest.where("state", "in", live).execute());
  const newest = toMap(await byNewest.execute());
  const gone = besides.filter((runId) => !underWay.has(runId) && !newest.has(runId));
  const left = gone.length === 0 ? [] : await select.where("run_id", "in", gone).execute();
  return { live: underWay, all: new Map([...toMap(left), ...newest, ...underWay]) };
}

/** Runs of which more was known than the database has, with the number of their events that are missing; those that it lacks wholly. */
export async function runsThatKnewMore(
  db: Db,
  known: KnownRuns,
): Promise<{ behind: KnownRuns; unknown: readonly RunId[] }> {
  const behind = new Map<RunId, number>();
  const unknown: RunId[] = [];
  for (const [runId, seq] of known) {
    const row = await db
      .selectFrom("runs")
      .select("event_seq")
      .where("run_id", "=", runId)
      .executeTakeFirst();
    if (row === undefined) unknown.push(runId);
    else if (row.event_seq < seq) behind.set(runId, seq - row.event_seq);
  }
  return { behind, unknown };
}

const toMap = (rows: readonly { run_id: string; event_seq: number }[]): Map<RunId, number> =>
  new Map(rows.map((row) => [row.run_id as RunId, row.event_seq]));

async function tablesOf(db: Kysely<Schema>, dialect: Dialect): Promise<ReadonlySet<string>> {
  const query =
    dialect === "sqlite"
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table'`
      : sql<{ name: string }>`select tablename as name from pg_tables where schemaname = current_schema()`;
  return new Set((await query.execute(db)).rows.map(({ name }) => name));
}

async function newestChain(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom("certificates")
    .select("chain")
    .orderBy("not_before_ms", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.chain;
}
