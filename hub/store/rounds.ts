import type { Selectable } from "kysely";
import type { BlobRef } from "#hub/assignments/model.js";
import type { Round, RoundState } from "#hub/rounds/model.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Db, RoundsTable } from "./schema.js";

export async function insertRound(
  db: Db,
  round: Pick<Round, "runId" | "round" | "startedAtMs" | "deadlineAtMs" | "base">,
): Promise<void> {
  await db
    .insertInto("rounds")
    .values({
      run_id: round.runId,
      round: round.round,
      state: "collecting",
      started_at_ms: round.startedAtMs,
      ended_at_ms: null,
      deadline_at_ms: round.deadlineAtMs,
      base_sha256: round.base.sha256,
      base_bytes: round.base.sizeBytes,
      model_sha256: null,
      model_bytes: null,
      samples: 0,
      metrics: "{}",
    })
    .execute();
}

/** Changes a round that stands in `from`; false when it stood elsewhere (it closes once). */
export async function moveRound(
  db: Db,
  runId: RunId,
  round: number,
  from: RoundState,
  to: {
    state: RoundState;
    model?: BlobRef;
    samples?: number;
    metrics?: Record<string, number>;
    endedAtMs?: number;
  },
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

/** Ends whatever round of a run is still under way. */
export async function failOpenRounds(db: Db, runId: RunId, nowMs: number): Promise<void> {
  await db
    .updateTable("rounds")
    .set({ state: "failed", ended_at_ms: nowMs })
    .where("run_id", "=", runId)
    .where("state", "!=", "completed")
    .execute();
}

export async function roundsOf(db: Db, runId: RunId): Promise<Round[]> {
  const rows = await db
    .selectFrom("rounds")
    .selectAll()
    .where("run_id", "=", runId)
    .orderBy("round")
    .execute();
  return rows.map(toRound);
}

/** Whether a run goes on, and its last round. */
export async function standing(
  db: Db,
  runId: RunId,
): Promise<{ running: boolean; round: Round | undefined }> {
  const row = await db
    .selectFrom("runs")
    .leftJoin("rounds", "rounds.run_id", "runs.run_id")
    .selectAll("rounds")
    .select("runs.state as run_state")
    .where("runs.run_id", "=", runId)
    .orderBy("rounds.round", "desc")
    .limit(1)
    .executeTakeFirst();
  const round = row === undefined || row.round === null ? undefined : toRound(row as Selectable<RoundsTable>);
  return { running: row?.run_state === "running", round };
}

function toRound(row: Selectable<RoundsTable>): Round {
  return {
    runId: row.run_id as RunId,
    round: row.round,
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
  };
}
