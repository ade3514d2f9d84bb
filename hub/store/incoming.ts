import type { Selectable } from "kysely";
import type { Db } from "./schema.js";
import type { IncomingEventsTable } from "./schema-engine.js";

/** What names an event: the same source and id is the same event. */
export interface EventKey {
  readonly source: string;
  readonly id: string;
}

/** Keeps an event; one that is known stays what it is. */
export async function keepIncoming(db: Db, key: EventKey, body: string, atMs: number): Promise<void> {
  await db
    .insertInto("incoming_events")
    .values({ source: key.source, event_id: key.id, at_ms: atMs, body, answer: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export const findIncoming = (db: Db, key: EventKey): Promise<Selectable<IncomingEventsTable> | undefined> =>
  db
    .selectFrom("incoming_events")
    .selectAll()
    .where("source", "=", key.source)
    .where("event_id", "=", key.id)
    .executeTakeFirst();

/** The event was handed on; only its names stay. */
export async function answerIncoming(db: Db, key: EventKey, answer: string): Promise<void> {
  await db
    .updateTable("incoming_events")
    .set({ answer, body: "" })
    .where("source", "=", key.source)
    .where("event_id", "=", key.id)
    .execute();
}

/** Events that a process has not handed on to its end, the oldest first. */
export async function openIncoming(db: Db): Promise<EventKey[]> {
  const rows = await db
    .selectFrom("incoming_events")
    .select(["source", "event_id"])
    .where("answer", "is", null)
    .orderBy("at_ms")
    .execute();
  return rows.map((row) => ({ source: row.source, id: row.event_id }));
}

/** Forgets events that were handed on before a time. */
export async function forgetIncoming(db: Db, beforeMs: number): Promise<void> {
  await db
    .deleteFrom("incoming_events")
    .where("at_ms", "<", beforeMs)
    .where("answer", "is not", null)
    .execute();
}
