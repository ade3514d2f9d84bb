import type { RunId, SiteId } from "#kernel/ids.js";
import type { NewEvent, RunEvent, RunEventType } from "#hub/workflow/model.js";
import type { Db } from "./schema.js";

/** Writes an event at the end of its run's journal and returns it with its number. */
export async function appendEvent(db: Db, event: NewEvent, atMs: number): Promise<RunEvent> {
  const { event_seq: seq } = await db
    .updateTable("runs")
    .set((eb) => ({ event_seq: eb("event_seq", "+", 1) }))
    .where("run_id", "=", event.runId)
    .returning("event_seq")
    .executeTakeFirstOrThrow();
  const whole: RunEvent = { round: 0, site: "", data: {}, ...event, seq, atMs };
  await db
    .insertInto("run_events")
    .values({
      run_id: whole.runId,
      seq,
      at_ms: atMs,
      type: whole.type,
      round: whole.round,
      site: whole.site,
      text: whole.text,
      data: JSON.stringify(whole.data),
    })
    .execute();
  return whole;
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
