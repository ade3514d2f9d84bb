import type { Selectable } from "kysely";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Db } from "./schema.js";
import type { EffectsTable, ListenersTable, SnapshotsTable, TransitionsTable } from "./schema-engine.js";

export type SnapshotRow = Selectable<SnapshotsTable>;

/** The snapshot of a run that has not had a transition yet. */
export async function insertSnapshot(
  db: Db,
  snapshot: { runId: RunId; workflowSha256: Sha256; owner: string; fence: number; format: number },
): Promise<void> {
  await db
    .insertInto("snapshots")
    .values({
      run_id: snapshot.runId,
      seq: 0,
      workflow_sha256: snapshot.workflowSha256,
      state: "",
      format: snapshot.format,
      base_seq: 0,
      base_state: "",
      base_workflow_sha256: snapshot.workflowSha256,
      base_format: snapshot.format,
      live: 1,
      continues: 0,
      owner: snapshot.owner,
      fence: snapshot.fence,
    })
    .execute();
}

/** Where a run stands, and its name. */
export const findSnapshot = (db: Db, runId: RunId): Promise<(SnapshotRow & { name: string }) | undefined> =>
  db
    .selectFrom("snapshots")
    .innerJoin("runs", "runs.run_id", "snapshots.run_id")
    .selectAll("snapshots")
    .select("runs.name")
    .where("snapshots.run_id", "=", runId)
    .executeTakeFirst();

/** What is open of a run: names only, of effects with what they call. */
export async function openRows(
  db: Db,
  runId: RunId,
): Promise<{ effects: { effect: string; call: string }[]; timers: string[]; listeners: string[] }> {
  const effects = await db
    .selectFrom("effects")
    .select(["effect", "call"])
    .where("run_id", "=", runId)
    .where("cancel_reason", "is", null)
    .execute();
  const timers = await db.selectFrom("timers").select("timer").where("run_id", "=", runId).execute();
  const listeners = await db
    .selectFrom("listeners")
    .select("listener")
    .distinct()
    .where("run_id", "=", runId)
    .execute();
  return {
    effects,
    timers: timers.map((row) => row.timer),
    listeners: listeners.map((row) => row.listener),
  };
}

/** The kept transitions of a run after number `afterSeq`, in order. */
export const transitionsAfter = (
  db: Db,
  runId: RunId,
  afterSeq: number,
  limit: number,
): Promise<Selectable<TransitionsTable>[]> =>
  db
    .selectFrom("transitions")
    .selectAll()
    .where("run_id", "=", runId)
    .where("seq", ">", afterSeq)
    .orderBy("seq")
    .limit(limit)
    .execute();

/** A call as it is to be made, or undone; with the fence of its run. */
export type OpenEffect = Selectable<EffectsTable> & {
  readonly name: string;
  readonly started_at_ms: number;
  readonly fence: number;
};

/** The calls of an owner's runs, in pages: `after` is the last of the page before. */
export const ownedEffects = (
  db: Db,
  owner: string,
  after: { runId: string; effect: string },
  limit: number,
): Promise<OpenEffect[]> =>
  db
    .selectFrom("effects")
    .innerJoin("snapshots", "snapshots.run_id", "effects.run_id")
    .innerJoin("runs", "runs.run_id", "effects.run_id")
    .selectAll("effects")
    .select(["runs.name", "runs.started_at_ms", "snapshots.fence"])
    .where("snapshots.owner", "=", owner)
    .where((eb) =>
      eb.or([
        eb("effects.run_id", ">", after.runId),
        eb.and([eb("effects.run_id", "=", after.runId), eb("effects.effect", ">", after.effect)]),
      ]),
    )
    .orderBy("effects.run_id")
    .orderBy("effects.effect")
    .limit(limit)
    .execute();

/** The calls of one run. */
export const effectsOf = (db: Db, runId: RunId): Promise<Selectable<EffectsTable>[]> =>
  db.selectFrom("effects").selectAll().where("run_id", "=", runId).orderBy("effect").execute();

/** When the timers of one run are due, the next one first. */
export async function timersOf(db: Db, runId: RunId): Promise<number[]> {
  const rows = await db
    .selectFrom("timers")
    .select("due_at_ms")
    .where("run_id", "=", runId)
    .orderBy("due_at_ms")
    .execute();
  return rows.map((row) => row.due_at_ms);
}

/** The types of events that the listeners of one run wait for; empty for any. */
export async function listenersOf(db: Db, runId: RunId): Promise<Map<string, string[]>> {
  const rows = await db
    .selectFrom("listeners")
    .select(["listener", "event_type"])
    .where("run_id", "=", runId)
    .orderBy("listener")
    .orderBy("event_type")
    .execute();
  const types = new Map<string, string[]>();
  for (const { listener, event_type: type } of rows)
    types.set(listener, [...(types.get(listener) ?? []), type]);
  return types;
}

export async function deleteEffect(db: Db, runId: RunId, effect: string): Promise<void> {
  await db.deleteFrom("effects").where("run_id", "=", runId).where("effect", "=", effect).execute();
}

/** An owner's runs that are to go on by themselves, or have something in their inbox. */
export async function wokenRuns(db: Db, owner: string): Promise<{ runId: RunId; continues: boolean }[]> {
  const rows = await db
    .selectFrom("snapshots")
    .select(["run_id", "live", "continues"])
    .where("owner", "=", owner)
    .where((eb) =>
      eb.or([
        eb.and([eb("live", "=", 1), eb("continues", "=", 1)]),
        eb("run_id", "in", eb.selectFrom("inbox").select("inbox.run_id")),
      ]),
    )
    .execute();
  return rows.map((row) => ({
    runId: row.run_id as RunId,
    continues: row.live === 1 && row.continues === 1,
  }));
}

/** Timers that are due, of an owner's runs; the oldest first. */
export const dueTimers = (
  db: Db,
  owner: string,
  nowMs: number,
  limit: number,
): Promise<{ run_id: string; timer: string; due_at_ms: number }[]> =>
  db
    .selectFrom("timers")
    .innerJoin("snapshots", "snapshots.run_id", "timers.run_id")
    .select(["timers.run_id", "timers.timer", "timers.due_at_ms"])
    .where("timers.due_at_ms", "<=", nowMs)
    .where("snapshots.owner", "=", owner)
    .orderBy("timers.due_at_ms")
    .limit(limit)
    .execute();

/** When the next timer after `nowMs` is due; undefined when there is none. */
export async function nextTimerMs(db: Db, owner: string, nowMs: number): Promise<number | undefined> {
  const row = await db
    .selectFrom("timers")
    .innerJoin("snapshots", "snapshots.run_id", "timers.run_id")
    .select("timers.due_at_ms")
    .where("timers.due_at_ms", ">", nowMs)
    .where("snapshots.owner", "=", owner)
    .orderBy("timers.due_at_ms")
    .limit(1)
    .executeTakeFirst();
  return row?.due_at_ms;
}

/** The listeners that may want an event of this type. */
export const listenersFor = (
  db: Db,
  eventType: string,
): Promise<Pick<Selectable<ListenersTable>, "run_id" | "listener" | "filters">[]> =>
  db
    .selectFrom("listeners")
    .select(["run_id", "listener", "filters"])
    .distinct()
    .where("event_type", "in", [eventType, ""])
    .orderBy("run_id")
    .execute();

/** Whether a listener has had an event. */
export async function hasReceived(
  db: Db,
  key: { runId: RunId; listener: string; source: string; eventId: string },
): Promise<boolean> {
  const row = await db
    .selectFrom("received_events")
    .select("event_id")
    .where("run_id", "=", key.runId)
    .where("listener", "=", key.listener)
    .where("source", "=", key.source)
    .where("event_id", "=", key.eventId)
    .executeTakeFirst();
  return row !== undefined;
}
