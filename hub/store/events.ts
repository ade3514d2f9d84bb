import type { NewEvent, RunEvent, RunEventType } from "#hub/runs/model.js";
import type { RunId, SiteId } from "#kernel/ids.js";
import { Bulk } from "./bulk.js";
import type { Db } from "./schema.js";

const numbers = new Bulk(
  "with v(run_id, added) as (",
  ["text", "bigint"],
  `) update runs set event_seq = event_seq + v.added from v where runs.run_id = v.run_id
    returning runs.run_id as run_id, runs.event_seq as event_seq`,
);
const inserts = new Bulk("insert into run_events (run_id, seq, at_ms, type, round, site, text, data)", [
  "text",
  "bigint",
  "bigint",
  "text",
  "bigint",
  "text",
  "text",
  "text",
]);

/** Writes events at the end of their runs' journals, in their order, and returns them with their numbers. */
export async function appendEvents(db: Db, events: readonly NewEvent[], atMs: number): Promise<RunEvent[]> {
  const added = new Map<string, number>();
  for (const { runId } of events) added.set(runId, (added.get(runId) ?? 0) + 1);
  const moved = await numbers.run<{ run_id: string; event_seq: number }>(db, [...added]);
  const next = new Map(moved.map((row) => [row.run_id, row.event_seq - (added.get(row.run_id) ?? 0)]));
  const whole = events.map((event): RunEvent => {
    const seq = (next.get(event.runId) ?? Number.NaN) + 1;
    next.set(event.runId, seq);
    return { round: 0, site: "", data: {}, ...event, seq, atMs };
  });
  await inserts.run(
    db,
    whole.map(({ runId, seq, type, round, site, text, data }) => {
      return [runId, seq, atMs, type, round, site, text, JSON.stringify(data)];
    }),
  );
  return whole;
}

/** The number of a run's newest event; 0 when there is none. */
export async function newestSeq(db: Db, runId: RunId): Promise<number> {
  const row = await db.selectFrom("runs").select("event_seq").where("run_id", "=", runId).executeTakeFirst();
  return row?.event_seq ?? 0;
}

/** The events of a run after number `afterSeq`, at most `limit`. */
export async function eventsAfter(db: Db, runId: RunId, afterSeq: number, limit = 500): Promise<RunEvent[]> {
  const rows = await db
    .selectFrom("run_events")
    .selectAll()
    .where("run_id", "=", runId)
    .where("seq", ">", afterSeq)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    runId,
    seq: row.seq,
    atMs: row.at_ms,
    type: row.type as RunEventType,
    round: row.round,
    site: row.site as SiteId | "",
    text: row.text,
    data: JSON.parse(row.data) as Record<string, unknown>,
  }));
}
