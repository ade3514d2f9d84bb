import type { Selectable } from "kysely";
import type { Db, OperatorsTable } from "./schema.js";

export type OperatorRow = Selectable<OperatorsTable>;

export const findOperator = (db: Db, name: string): Promise<OperatorRow | undefined> =>
  db.selectFrom("operators").selectAll().where("name", "=", name).executeTakeFirst();

export const listOperators = (db: Db): Promise<OperatorRow[]> =>
  db.selectFrom("operators").selectAll().orderBy("name").execute();

/** Writes an operator; one of the same name that no longer counts gives way. */
export async function saveOperator(db: Db, operator: OperatorRow): Promise<void> {
  await db
    .insertInto("operators")
    .values(operator)
    .onConflict((conflict) => conflict.column("name").doUpdateSet(operator))
    .execute();
}

export async function markOperatorRemoved(db: Db, name: string, nowMs: number): Promise<void> {
  await db
    .updateTable("operators")
    .set({ removed_at_ms: nowMs })
    .where("name", "=", name)
    .where("removed_at_ms", "is", null)
    .execute();
}
