import type { RunId, SiteId } from "#kernel/ids.js";
import type { NewEvent, RunEvent, RunEventType } from "#hub/workflow/model.js";
import type { Db } from "./schema.js";

/** Writes events of one run at the end of its journal, in their order, and returns them with their numbers. */
export async function appendEvents(
  db: Db,
  runId: RunId,
  events: readonly NewEvent[],
  atMs: number,
): Promise<RunEvent[]> {
  const { event_seq: last } = await db
    .updateTable("runs")
    .set((eb) => ({ event_seq: eb("event_seq", "+", events.length) }))
    .where("run_id", "=", runId)
    .returning("event_seq")
    .executeTakeFirstOrThrow();
  const first = last - events.length + 1;
  const whole = events.map(
    (event, place): RunEvent => ({ round: 0, site: "", data: {}, ...event, seq: first + place, atMs }),
  );
  await db
    .insertInto("run_events")
    .values(
      whole.map(({ seq, type, round, site, text, data }) => {
        return { run_id: runId, seq, at_ms: atMs, type, round, site, text, data: JSON.stringify(data) };
      }),
    )
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
