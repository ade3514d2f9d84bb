import type { Selectable } from "kysely";
import type { Run, RunStatus } from "#hub/runs/model.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
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

/** What a start asks for, by digests that last: the same key stands for the same of both. */
export interface StartContent {
  readonly workflowSha256: Sha256;
  /** Of the input's canonical JSON. */
  readonly inputSha256: Sha256;
}

/** What a new run's row has besides the run. */
interface RunStart {
  /** Packed; null in a row that no start has made. */
  readonly input: string | null;
  /** The caller's own name for the start, or its occasion. */
  readonly key?: string | undefined;
  /** What the key stands for; undefined: whatever came with it first. */
  readonly content?: StartContent | undefined;
}

/** Writes a new run. */
export async function insertRun(db: Db, run: Run, { input, key, content }: RunStart): Promise<void> {
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
      workflow: run.workflow,
      input,
      start_key: key ?? null,
      start_workflow_sha256: content?.workflowSha256 ?? null,
      start_input_sha256: content?.inputSha256 ?? null,
      parent: run.parent ?? null,
    })
    .execute();
}

/** The run that was started under a key, with what the key stands for. */
export async function findKeyed(
  db: Db,
  key: string,
): Promise<{ readonly runId: RunId; readonly content: StartContent | undefined } | undefined> {
  const row = await db
    .selectFrom("runs")
    .select(["run_id", "start_workflow_sha256", "start_input_sha256"])
    .where("start_key", "=", key)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { start_workflow_sha256: workflowSha256, start_input_sha256: inputSha256 } = row;
  const known = workflowSha256 !== null && inputSha256 !== null;
  return {
    runId: row.run_id as RunId,
    content: known ? ({ workflowSha256, inputSha256 } as StartContent) : undefined,
  };
}

/** The run that a call of another run, `run/effect`, has started. */
export async function findChild(db: Db, parent: string): Promise<RunId | undefined> {
  const row = await db.selectFrom("runs").select("run_id").where("parent", "=", parent).executeTakeFirst();
  return row?.run_id as RunId | undefined;
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

/** How many runs are under way. */
export async function countRunningRuns(db: Db): Promise<number> {
  const { runs } = await db
    .selectFrom("runs")
    .select((eb) => eb.fn.countAll<number>().as("runs"))
    .where("state", "=", "running")
    .executeTakeFirstOrThrow();
  return runs;
}

/** How many runs stand above a run; it is counted up to `most`. */
export async function depthOf(db: Db, runId: RunId, most: number): Promise<number> {
  let above: string = runId;
  for (let depth = 0; depth < most; depth++) {
    const row = await db.selectFrom("runs").select("parent").where("run_id", "=", above).executeTakeFirst();
    if (row === undefined || row.parent === null) return depth;
    [above = ""] = row.parent.split("/");
  }
  return most;
}

/** What went into a run and what came out of it; input and output are packed. */
export const runOutcome = (
  db: Db,
  runId: RunId,
): Promise<{ state: string; input: string | null; output: string | null; error: string | null }> =>
  db
    .selectFrom("runs")
    .select(["state", "input", "output", "error"])
    .where("run_id", "=", runId)
    .executeTakeFirstOrThrow();

/** Runs that wait for a place, in the order of their start. */
export async function queuedRuns(db: Db): Promise<{ runId: RunId; workflow: string }[]> {
  const rows = await db
    .selectFrom("runs")
    .select(["run_id", "workflow"])
    .where("state", "=", "queued")
    .orderBy("run_id")
    .execute();
  return rows.map((row) => ({ runId: row.run_id as RunId, workflow: row.workflow }));
}

/** Whether a run of the workflow, in any version, waits; `title` is `namespace/name:version`. */
export async function hasQueuedRun(db: Db, title: string): Promise<boolean> {
  const name = title.slice(0, title.lastIndexOf(":"));
  const row = await db
    .selectFrom("runs")
    .select("run_id")
    .where("state", "=", "queued")
    .where("workflow", ">", `${name}:`)
    .where("workflow", "<", `${name};`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A queued run begins; false when it was cancelled. */
export async function beginQueuedRun(db: Db, runId: RunId): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("runs")
    .set({ state: "running" })
    .where("run_id", "=", runId)
    .where("state", "=", "queued")
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Cancels a run that has not begun; false when it has. */
export async function endQueuedRun(db: Db, runId: RunId, text: string, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("runs")
    .set({ state: "cancelled", ended_at_ms: nowMs, error_code: "RUN_CANCELLED", error_text: text })
    .where("run_id", "=", runId)
    .where("state", "=", "queued")
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await db.deleteFrom("inbox").where("run_id", "=", runId).execute();
  await db.updateTable("snapshots").set({ live: 0 }).where("run_id", "=", runId).execute();
  return true;
}

/** A task that a run has come to, by its pointer or its name (the last one of that name). */
export const taskRow = (db: Db, runId: RunId, task: string): Promise<TasksTable | undefined> =>
  db
    .selectFrom("tasks")
    .selectAll()
    .where("run_id", "=", runId)
    .where((eb) => eb.or([eb("ref", "=", task), eb("name", "=", task)]))
    .orderBy("started_at_ms", "desc")
    .limit(1)
    .executeTakeFirst();

export async function tasksOf(db: Db, runId: RunId): Promise<TasksTable[]> {
  return db.selectFrom("tasks").selectAll().where("run_id", "=", runId).orderBy("ref").execute();
}

type RunRow = Omit<Selectable<RunsTable>, "event_seq">;

function toRun(row: RunRow): Run {
  return {
    id: row.run_id as RunId,
    name: row.name,
    workflowSha256: row.workflow_sha256 as Sha256,
    state: row.state as RunStatus,
    startedBy: row.started_by,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    errorCode: row.error_code ?? undefined,
    errorText: row.error_text ?? undefined,
    workflow: row.workflow,
    parent: row.parent ?? undefined,
  };
}
