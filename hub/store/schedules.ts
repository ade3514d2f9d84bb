import type { Selectable } from "kysely";
import type { EventKey } from "./incoming.js";
import type { Db } from "./schema.js";
import type { ScheduleEventsTable, SchedulesTable } from "./schema-engine.js";

export type ScheduleRow = Selectable<SchedulesTable>;
export type ScheduleEventRow = Selectable<ScheduleEventsTable>;

/** The workflow that a schedule belongs to. */
export interface ScheduleKey {
  readonly namespace: string;
  readonly name: string;
}

export const allSchedules = (db: Db): Promise<ScheduleRow[]> =>
  db.selectFrom("schedules").selectAll().orderBy("namespace").orderBy("name").execute();

/** Puts a schedule in the place of the workflow's present one. What its events were waiting for counts no more. */
export async function replaceSchedule(db: Db, key: ScheduleKey, row: ScheduleRow | undefined): Promise<void> {
  const { namespace, name } = key;
  await db.deleteFrom("schedules").where("namespace", "=", namespace).where("name", "=", name).execute();
  await db
    .deleteFrom("schedule_events")
    .where("namespace", "=", namespace)
    .where("name", "=", name)
    .where("run_id", "is", null)
    .execute();
  if (row !== undefined) await db.insertInto("schedules").values(row).execute();
}

/** Schedules that are due, the oldest first. */
export const dueSchedules = (db: Db, nowMs: number): Promise<ScheduleRow[]> =>
  db.selectFrom("schedules").selectAll().where("due_at_ms", "<=", nowMs).orderBy("due_at_ms").execute();

/** When the next schedule is due; undefined when none is. */
export async function nextScheduleMs(db: Db): Promise<number | undefined> {
  const row = await db
    .selectFrom("schedules")
    .select("due_at_ms")
    .where("due_at_ms", "is not", null)
    .orderBy("due_at_ms")
    .limit(1)
    .executeTakeFirst();
  return row?.due_at_ms ?? undefined;
}

/** Moves a schedule on, unless another version has taken its place. */
export async function moveSchedule(
  db: Db,
  row: ScheduleRow,
  to: { readonly dueAtMs: number | undefined; readonly runId: string | null },
): Promise<void> {
  await db
    .updateTable("schedules")
    .set({ due_at_ms: to.dueAtMs ?? null, run_id: to.runId })
    .where("namespace", "=", row.namespace)
    .where("name", "=", row.name)
    .where("workflow_sha256", "=", row.workflow_sha256)
    .where("since_ms", "=", row.since_ms)
    .execute();
}

/** An event waits for a run of the workflow; one that is known stays what it is. */
export async function keepScheduleEvent(
  db: Db,
  row: Omit<ScheduleEventRow, "run_id" | "position">,
): Promise<void> {
  const newest = await db
    .selectFrom("schedule_events")
    .select((eb) => eb.fn.max("position").as("position"))
    .where("namespace", "=", row.namespace)
    .where("name", "=", row.name)
    .executeTakeFirst();
  await db
    .insertInto("schedule_events")
    .values({ ...row, position: (newest?.position ?? 0) + 1, run_id: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The events of a group that wait, in the order of their coming. */
export const waitingEvents = (
  db: Db,
  { namespace, name }: ScheduleKey,
  groupKey: string,
): Promise<ScheduleEventRow[]> =>
  db
    .selectFrom("schedule_events")
    .selectAll()
    .where("namespace", "=", namespace)
    .where("name", "=", name)
    .where("group_key", "=", groupKey)
    .where("run_id", "is", null)
    .orderBy("position")
    .execute();

/** Which run has an event: null while it waits, undefined when the schedule does not know it. */
export async function runOfEvent(
  db: Db,
  { namespace, name }: ScheduleKey,
  event: EventKey,
): Promise<string | null | undefined> {
  const row = await db
    .selectFrom("schedule_events")
    .select("run_id")
    .where("namespace", "=", namespace)
    .where("name", "=", name)
    .where("source", "=", event.source)
    .where("event_id", "=", event.id)
    .executeTakeFirst();
  return row?.run_id;
}

/** A run has taken events; their content is in its journal from now on. */
export async function takeScheduleEvents(
  db: Db,
  { namespace, name }: ScheduleKey,
  positions: readonly number[],
  runId: string,
): Promise<void> {
  await db
    .updateTable("schedule_events")
    .set({ run_id: runId, body: "" })
    .where("namespace", "=", namespace)
    .where("name", "=", name)
    .where("position", "in", positions)
    .execute();
}

/** Forgets the oldest events of a schedule but so many. Returns how many of them had still waited. */
export async function trimScheduleEvents(
  db: Db,
  { namespace, name }: ScheduleKey,
  keep: number,
): Promise<number> {
  const newest = await db
    .selectFrom("schedule_events")
    .select("position")
    .where("namespace", "=", namespace)
    .where("name", "=", name)
    .orderBy("position", "desc")
    .offset(keep)
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) return 0;
  const gone = await db
    .deleteFrom("schedule_events")
    .where("namespace", "=", namespace)
    .where("name", "=", name)
    .where("position", "<=", newest.position)
    .returning("run_id")
    .execute();
  return gone.filter((row) => row.run_id === null).length;
}
