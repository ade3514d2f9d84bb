import type { CallRef } from "#kernel/refs.js";
import type { Db } from "./schema.js";

/** A call that is under way, with what its function is asked. */
interface OpenCall {
  readonly call: string;
  /** As the row keeps it. */
  readonly argument: string;
  readonly createdAtMs: number;
  readonly runName: string;
}

/** A call that is under way; undefined when it is over. */
export async function findOpenCall(db: Db, { runId, effect }: CallRef): Promise<OpenCall | undefined> {
  const row = await db
    .selectFrom("effects")
    .innerJoin("runs", "runs.run_id", "effects.run_id")
    .select(["effects.call", "effects.argument", "effects.created_at_ms", "runs.name"])
    .where("effects.run_id", "=", runId)
    .where("effects.effect", "=", effect)
    .executeTakeFirst();
  return row && { call: row.call, argument: row.argument, createdAtMs: row.created_at_ms, runName: row.name };
}

/** Whether a call is under way and not being cancelled: only then may it begin anything new. */
export async function isWanted(db: Db, { runId, effect }: CallRef): Promise<boolean> {
  const row = await db
    .selectFrom("effects")
    .select("effect")
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .where("cancel_reason", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}
