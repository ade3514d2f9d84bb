import type { Folded } from "#hub/federated/round.js";
import type { CallRef } from "#kernel/refs.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";

const insert = new Prepared(
  "insert into folds (run_id, effect, position, fold, result) values (?, ?, ?, ?, ?)",
);

/** Keeps what a fold has come to; its name is one of the round's. */
export async function insertFold(
  db: Db,
  { runId, effect }: CallRef,
  position: number,
  name: string,
  result: Folded,
): Promise<void> {
  await insert.changes(db, [runId, effect, position, name, JSON.stringify(result)]);
}

const find = new Prepared<{ fold: string; result: string }>(
  "select fold, result from folds where run_id = ? and effect = ? and position = ?",
);

/** The folds of a round, by their names. */
export async function foldsOf(
  db: Db,
  { runId, effect }: CallRef,
  position: number,
): Promise<ReadonlyMap<string, Folded>> {
  const rows = await find.rows(db, [runId, effect, position]);
  return new Map(rows.map(({ fold, result }) => [fold, JSON.parse(result) as Folded]));
}
