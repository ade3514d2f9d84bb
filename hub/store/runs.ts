import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Run, RunState } from "#hub/workflow/model.js";
import type { Db, RunsTable, TasksTable } from "./schema.js";

/** A workflow version by its digest; kept once, never changed. */
export async function saveWorkflow(db: Db, sha256: Sha256, body: string, nowMs: number): Promise<void> {
  await db
    .insertInto("workflows")
    .values({ sha256, body, created_at_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function workflowBody(db: Db, sha256: Sha256): Promise<string> {
  const row = await db
    .selectFrom("workflows")
    .select("body")
    .where("sha256", "=", sha256)
    .executeTakeFirstOrThrow();
  return row.body;
}

/** Writes a new run with its tasks. */
export async function insertRun(
  db: Db,
  run: Run,
  tasks: readonly { ref: string; call: string }[],
): Promise<void> {
  await db
    .insertInto("runs")
    .values({
      run_id: run.id,
      name: run.name,
      workflow_sha256: run.workflowSha256,
      state: run.state,
      started_by: run.startedBy,
      started_at_ms: run.startedAtMs,
      ended_at_ms: null,
      error_code: null,
      error_text: null,
    })
    .execute();
  for (const task of tasks) {
    await db
      .insertInto("tasks")
      .values({
        run_id: run.id,
        ref: task.ref,
        call: task.call,
        state: "running",
        started_at_ms: run.startedAtMs,
        ended_at_ms: null,
      })
      .execute();
  }
}

/** Ends a run and its tasks; false when it had ended before. */
export async function endRun(
  db: Db,
  runId: RunId,
  end: { state: Exclude<RunState, "running">; errorCode?: string; errorText?: string },
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("runs")
    .set({
      state: end.state,
      ended_at_ms: nowMs,
      error_code: end.errorCode ?? null,
      error_text: end.errorText ?? null,
    })
    .where("run_id", "=", runId)
    .where("state", "=", "running")
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await db
    .updateTable("tasks")
    .set({ state: end.state, ended_at_ms: nowMs })
    .where("run_id", "=", runId)
    .execute();
  return true;
}

export async function findRun(db: Db, runId: RunId): Promise<Run | undefined> {
  const row = await db.selectFrom("runs").selectAll().where("run_id", "=", runId).executeTakeFirst();
  return row === undefined ? undefined : toRun(row);
}

/** Newest first. */
export async function listRuns(db: Db, limit: number): Promise<Run[]> {
  const rows = await db.selectFrom("runs").selectAll().orderBy("run_id", "desc").limit(limit).execute();
  return rows.map(toRun);
}

export async function runningRuns(db: Db): Promise<Run[]> {
  const rows = await db
    .selectFrom("runs")
    .selectAll()
    .where("state", "=", "running")
    .orderBy("run_id")
    .execute();
  return rows.map(toRun);
}

export async function tasksOf(db: Db, runId: RunId): Promise<TasksTable[]> {
  return db.selectFrom("tasks").selectAll().where("run_id", "=", runId).orderBy("ref").execute();
}

type RunRow = Omit<RunsTable, "event_seq">;

function toRun(row: RunRow): Run {
  return {
    id: row.run_id as RunId,
    name: row.name,
    workflowSha256: row.workflow_sha256 as Sha256,
    state: row.state as RunState,
    startedBy: row.started_by,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    errorCode: row.error_code ?? undefined,
    errorText: row.error_text ?? undefined,
  };
}
