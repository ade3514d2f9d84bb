import type { Batch } from "#hub/workflow/engine/batch.js";
import { newestFormat } from "#hub/workflow/interpreter/format.js";
import type { BlobRef } from "#kernel/refs.js";
import { Bulk, type Cell } from "./bulk.js";
import type { Db } from "./schema.js";

/** Each is one statement for all batches of a transaction. */
const statements = {
  snapshots: new Bulk(
    "with v(run_id, owner, fence, from_seq, seq, workflow_sha256, state, live, continues) as (",
    ["text", "text", "bigint", "bigint", "bigint", "text", "text", "bigint", "bigint"],
    `) update snapshots set seq = v.seq, workflow_sha256 = v.workflow_sha256, state = v.state, format = ${newestFormat},
      live = v.live, continues = v.continues
      from v where snapshots.run_id = v.run_id and snapshots.owner = v.owner and snapshots.fence = v.fence
      and snapshots.seq = v.from_seq returning snapshots.run_id as run_id`,
  ),
  transitions: new Bulk(
    "insert into transitions (run_id, seq, at_ms, event, state_sha256, format)",
    ["text", "bigint", "bigint", "text", "text"],
    "",
    [newestFormat],
  ),
  endEffects: deletion("effects", "run_id", "effect"),
  undoEffects: new Bulk(
    "with v(run_id, effect, reason) as (",
    ["text", "text", "text"],
    `) update effects set cancel_reason = v.reason from v where effects.run_id = v.run_id and effects.effect = v.effect`,
  ),
  endCalls: new Bulk(
    "with v(run_id, effect, seq) as (",
    ["text", "text", "bigint"],
    `) update calls set ended_seq = v.seq from v where calls.run_id = v.run_id and calls.effect = v.effect
      and calls.ended_seq is null`,
  ),
  effects: new Bulk("insert into effects (run_id, effect, call, argument, ref, created_at_ms, made_seq)", [
    "text",
    "text",
    "text",
    "text",
    "text",
    "bigint",
    "bigint",
  ]),
  /** Few calls go on from another one: all others do not pay for it. */
  resumeEffects: new Bulk(
    "with v(run_id, effect, resumes) as (",
    ["text", "text", "text"],
    `) update effects set resumes = v.resumes from v where effects.run_id = v.run_id and effects.effect = v.effect`,
  ),
  endTimers: deletion("timers", "run_id", "timer"),
  timers: new Bulk(
    "insert into timers (run_id, timer, due_at_ms)",
    ["text", "text", "bigint"],
    "on conflict (run_id, timer) do update set due_at_ms = excluded.due_at_ms",
  ),
  endListeners: deletion("listeners", "run_id", "listener"),
  forgetReceived: deletion("received_events", "run_id", "listener"),
  listeners: new Bulk("insert into listeners (run_id, listener, event_type, filters)", [
    "text",
    "text",
    "text",
    "text",
  ]),
  received: new Bulk(
    "insert into received_events (run_id, listener, source, event_id)",
    ["text", "text", "text", "text"],
    "on conflict do nothing",
  ),
  tasks: new Bulk(
    `insert into tasks (run_id, ref, name, kind, call, state, attempts, passes, input, context, output, error,
      started_at_ms, ended_at_ms)`,
    [
      "text",
      "text",
      "text",
      "text",
      "text",
      "text",
      "bigint",
      "bigint",
      "text",
      "text",
      "text",
      "text",
      "bigint",
      "bigint",
    ],
    `on conflict (run_id, ref) do update set name = excluded.name, kind = excluded.kind, call = excluded.call,
      state = excluded.state, attempts = excluded.attempts, passes = tasks.passes + excluded.passes,
      input = coalesce(excluded.input, tasks.input), context = coalesce(excluded.context, tasks.context),
      output = case when excluded.passes > 0 then excluded.output else coalesce(excluded.output, tasks.output) end,
      error = case when excluded.passes > 0 then excluded.error else coalesce(excluded.error, tasks.error) end,
      started_at_ms = case when excluded.passes > 0 then excluded.started_at_ms else tasks.started_at_ms end,
      ended_at_ms = excluded.ended_at_ms`,
  ),
  runs: new Bulk(
    "with v(run_id, state, ended_at_ms, output, error, error_code, error_text, workflow_sha256, workflow) as (",
    ["text", "text", "bigint", "text", "text", "text", "text", "text", "text"],
    `) update runs set state = v.state, ended_at_ms = v.ended_at_ms, output = v.output, error = v.error,
      error_code = v.error_code, error_text = v.error_text, workflow_sha256 = v.workflow_sha256,
      workflow = v.workflow
      from v where runs.run_id = v.run_id`,
  ),
  blobs: new Bulk(
    "insert into blobs (sha256, size_bytes, created_at_ms)",
    ["text", "bigint", "bigint"],
    "on conflict (sha256) do update set released_at_ms = null",
  ),
  operations: new Bulk(
    "insert into operations (op_id, actor, method, content_sha256, reply, at_ms)",
    ["text", "text", "text", "text", "text", "bigint"],
    "on conflict do nothing",
  ),
  takeInbox: deletion("inbox", "run_id", "item_id"),
  freeHolders: new Bulk(
    "with v(holder) as (",
    ["text"],
    ") delete from limit_holders where holder in (select holder from v)",
  ),
};

/** Deletes the rows whose two columns have the given values. */
function deletion(table: string, first: string, second: string): Bulk {
  return new Bulk(
    `with v(${first}, ${second}) as (`,
    ["text", "text"],
    `) delete from ${table} where (${first}, ${second}) in (select ${first}, ${second} from v)`,
  );
}

/** A batch, and the rows of the blobs that it names. */
export interface WrittenBatch {
  readonly batch: Batch;
  readonly blobs: readonly BlobRef[];
}

/**
 * Writes batches of different runs. Returns those that were written: a run that has moved on, or has another owner by now, keeps what it has.
 * Everything but what folds a journal is one statement for all of them.
 */
export async function writeBatches(db: Db, all: readonly WrittenBatch[]): Promise<Set<WrittenBatch>> {
  const snapshotRows = all.map(({ batch }): Cell[] => {
    const { runId, owner, fence, fromSeq, transitions, workflowSha256, stateText } = batch;
    const seq = fromSeq + transitions.length;
    const [live, continues] = [batch.live ? 1 : 0, batch.continues ? 1 : 0];
    return [runId, owner, fence, fromSeq, seq, workflowSha256, stateText, live, continues];
  });
  const moved = await statements.snapshots.run<{ run_id: string }>(db, snapshotRows);
  const movedRuns = new Set<string>(moved.map((row) => row.run_id));
  const written = all.filter(({ batch }) => movedRuns.has(batch.runId));
  const rows = (of: (batch: Batch) => readonly Cell[][]): Cell[][] =>
    written.flatMap(({ batch }) => of(batch));
  const run = (name: keyof typeof statements, of: (batch: Batch) => readonly Cell[][]): Promise<unknown> =>
    statements[name].run(db, rows(of));

  const blobs = new Map(written.flatMap((one) => one.blobs.map((blob) => [blob.sha256, { one, blob }])));
  await statements.blobs.run(
    db,
    [...blobs.values()].map(({ one, blob }) => [blob.sha256, blob.sizeBytes, one.batch.nowMs]),
  );
  await run("transitions", ({ runId, fromSeq, transitions }) =>
    transitions.map(({ atMs, event, stateSha256 }, at) => [
      runId,
      fromSeq + at + 1,
      atMs,
      event,
      stateSha256,
    ]),
  );
  await run("endEffects", ({ runId, endedEffects }) => endedEffects.map((effect) => [runId, effect]));
  await run("undoEffects", ({ runId, undoneEffects }) =>
    undoneEffects.map(({ effect, reason }) => [runId, effect, reason]),
  );
  await run("endCalls", ({ runId, endedCalls }) => endedCalls.map(({ effect, seq }) => [runId, effect, seq]));
  await run("effects", ({ runId, effects, nowMs }) =>
    effects.map(({ effect, call, argumentText, ref, madeSeq }) => [
      runId,
      effect,
      call,
      argumentText,
      ref,
      nowMs,
      madeSeq,
    ]),
  );
  await run("resumeEffects", ({ runId, effects }) =>
    effects.flatMap(({ effect, resumes }) => (resumes === undefined ? [] : [[runId, effect, resumes]])),
  );
  await run("endTimers", ({ runId, endedTimers }) => endedTimers.map((timer) => [runId, timer]));
  await run("timers", ({ runId, timers }) => timers.map(({ timer, dueAtMs }) => [runId, timer, dueAtMs]));
  await run("endListeners", ({ runId, endedListeners, listeners }) =>
    [...endedListeners, ...listeners.map(({ listener }) => listener)].map((listener) => [runId, listener]),
  );
  await run("forgetReceived", ({ runId, endedListeners }) =>
    endedListeners.map((listener) => [runId, listener]),
  );
  await run("listeners", ({ runId, listeners }) =>
    listeners.flatMap(({ listener, filters, types }) => {
      const text = JSON.stringify(filters);
      return types.map((type) => [runId, listener, type, text]);
    }),
  );
  await run("received", ({ runId, received }) =>
    received.map(({ listener, source, eventId }) => [runId, listener, source, eventId]),
  );
  await run("tasks", ({ runId, tasks }) =>
    tasks.map((task) => [
      runId,
      task.ref,
      task.name,
      task.kind,
      task.call,
      task.state,
      task.attempts,
      task.passes,
      task.input,
      task.context,
      task.output,
      task.error,
      task.startedAtMs,
      task.endedAtMs,
    ]),
  );
  await run("runs", ({ runId, workflowSha256, workflow, run: end }) =>
    end === undefined
      ? []
      : [
          [
            runId,
            end.state,
            end.endedAtMs,
            end.output,
            end.error,
            end.errorCode,
            end.errorText,
            workflowSha256,
            workflow,
          ],
        ],
  );
  await run("operations", ({ operations, nowMs }) =>
    operations.map(({ opId, actor, method, contentSha256, reply }) => [
      opId,
      actor,
      method,
      contentSha256,
      reply,
      nowMs,
    ]),
  );
  await run("takeInbox", ({ runId, taken }) => taken.map((item) => [runId, item]));
  await run("freeHolders", ({ freed }) => freed.map((holder) => [holder]));
  return new Set(written);
}

/** Folds a journal into its snapshot: what came before is no longer needed to make the state again. */
export async function foldJournal(db: Db, runId: string): Promise<void> {
  await db
    .updateTable("snapshots")
    .set((eb) => ({
      base_seq: eb.ref("seq"),
      base_state: eb.ref("state"),
      base_workflow_sha256: eb.ref("workflow_sha256"),
      base_format: eb.ref("format"),
    }))
    .where("run_id", "=", runId)
    .execute();
  await db.deleteFrom("transitions").where("run_id", "=", runId).execute();
  await db.deleteFrom("run_events").where("run_id", "=", runId).where("type", "like", "task.%").execute();
}
