import type { CallRef, EffectId } from "#kernel/refs.js";
import type { Selectable } from "kysely";
import type { Round, RoundError, RoundState } from "#hub/rounds/model.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Db, RoundsTable } from "./schema.js";

/** A round as it begins. */
type NewRound = Pick<
  Round,
  "runId" | "effect" | "position" | "state" | "startedAtMs" | "deadlineAtMs" | "base"
>;

/** Begins a round under the next number of its run, whichever calls of the run train at the same time. */
export async function insertRound(db: Db, round: NewRound): Promise<Round> {
  const row = await db
    .insertInto("rounds")
    .values({
      run_id: round.runId,
      round: await nextRound(db, round.runId),
      effect: round.effect,
      position: round.position,
      state: round.state,
      started_at_ms: round.startedAtMs,
      ended_at_ms: null,
      deadline_at_ms: round.deadlineAtMs,
      base_sha256: round.base.sha256,
      base_bytes: round.base.sizeBytes,
      model_sha256: null,
      model_bytes: null,
      samples: 0,
      metrics: "{}",
      error: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRound(row);
}

/** The number that the next round of a run will have. */
export async function nextRound(db: Db, runId: RunId): Promise<number> {
  const { newest } = await db
    .selectFrom("rounds")
    .select((eb) => eb.fn.max<number | null>("round").as("newest"))
    .where("run_id", "=", runId)
    .executeTakeFirstOrThrow();
  return (newest ?? 0) + 1;
}

/** Changes a round that stands in `from`; false when it stood elsewhere (it closes once). */
export async function moveRound(
  db: Db,
  runId: RunId,
  round: number,
  from: RoundState,
  to: Pick<Round, "state"> & Partial<Pick<Round, "model" | "samples" | "metrics" | "endedAtMs">>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("rounds")
    .set({
      state: to.state,
      ...(to.model && { model_sha256: to.model.sha256, model_bytes: to.model.sizeBytes }),
      ...(to.samples !== undefined && { samples: to.samples }),
      ...(to.metrics && { metrics: JSON.stringify(to.metrics) }),
      ...(to.endedAtMs !== undefined && { ended_at_ms: to.endedAtMs }),
    })
    .where("run_id", "=", runId)
    .where("round", "=", round)
    .where("state", "=", from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Ends whatever round of a call is still under way. */
export async function failOpenRounds(
  db: Db,
  { runId, effect }: CallRef,
  error: RoundError,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable("rounds")
    .set({ state: "failed", ended_at_ms: nowMs, error: JSON.stringify(error) })
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .where("state", "in", ["collecting", "aggregating", "evaluating"])
    .execute();
}

/** Every round of a run, in their order. */
export async function roundsOf(db: Db, runId: RunId): Promise<Round[]> {
  const rows = await db
    .selectFrom("rounds")
    .selectAll()
    .where("run_id", "=", runId)
    .orderBy("round")
    .execute();
  return rows.map(toRound);
}

/** The newest round of a call; undefined before its first. */
export const lastRound = (db: Db, call: CallRef): Promise<Round | undefined> => endOfCall(db, call, "desc");

/** The round that a call has begun with. */
export const firstRound = (db: Db, call: CallRef): Promise<Round | undefined> => endOfCall(db, call, "asc");

async function endOfCall(
  db: Db,
  { runId, effect }: CallRef,
  order: "asc" | "desc",
): Promise<Round | undefined> {
  const row = await db
    .selectFrom("rounds")
    .selectAll()
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .orderBy("round", order)
    .limit(1)
    .executeTakeFirst();
  return row && toRound(row);
}

function toRound(row: Selectable<RoundsTable>): Round {
  return {
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    round: row.round,
    position: row.position,
    state: row.state as RoundState,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    deadlineAtMs: row.deadline_at_ms,
    base: { sha256: row.base_sha256 as Sha256, sizeBytes: row.base_bytes },
    model:
      row.model_sha256 === null || row.model_bytes === null
        ? undefined
        : { sha256: row.model_sha256 as Sha256, sizeBytes: row.model_bytes },
    samples: row.samples,
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    error: row.error === null ? undefined : (JSON.parse(row.error) as RoundError),
  };
}
