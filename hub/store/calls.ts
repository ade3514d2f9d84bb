import type { Selectable } from "kysely";
import type { Call, CallError } from "#hub/federated/call.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { CallRef, EffectId } from "#kernel/refs.js";
import { compareNumbered } from "#kernel/words.js";
import { holdsLease, type Lease } from "./owners.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";
import type { CallsTable } from "./schema-federated.js";

type Row = Selectable<CallsTable>;

/** Writes a call that begins; nothing happens, and it gives false, where it is there already. */
export async function insertCall(db: Db, call: Omit<Call, "version">): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto("calls")
    .values({
      run_id: call.runId,
      effect: call.effect,
      function: call.function,
      revision: call.revision,
      argument: JSON.stringify(call.argument),
      ref: call.ref,
      origin: call.origin,
      draw_base: call.drawBase,
      created_at_ms: call.createdAtMs,
      position: call.position,
      state: call.position < 0 ? null : JSON.stringify(call.state),
      status: call.status,
      output: null,
      error: null,
      version: 0,
      ended_seq: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

const find = new Prepared<Row>("select * from calls where run_id = ? and effect = ?");

export async function findCall(db: Db, { runId, effect }: CallRef): Promise<Call | undefined> {
  const [row] = await find.rows(db, [runId, effect]);
  return row && toCall(row);
}

/** The calls of a run, in the order in which they were made. */
export async function callsOf(db: Db, runId: RunId): Promise<Call[]> {
  const rows = await db.selectFrom("calls").selectAll().where("run_id", "=", runId).execute();
  return rows.map(toCall).sort((a, b) => compareNumbered(a.effect, b.effect));
}

/** What a driver writes of a call. */
type CallChange = Pick<Call, "revision" | "position" | "state" | "status" | "output">;

const move = new Prepared(
  `update calls set version = version + 1, revision = ?, position = ?, state = ?, status = ?, output = ?
    where run_id = ? and effect = ? and version = ? and status = 'open'
      and exists (select 1 from snapshots
        where snapshots.run_id = calls.run_id and snapshots.owner = ? and snapshots.fence = ?)
      and exists (select 1 from effects
        where effects.run_id = calls.run_id and effects.effect = calls.effect and effects.cancel_reason is null)`,
);

/**
 * Moves a call on, if it is as it was read, its run is still ours, and it is wanted: the first statement of whatever its driver writes.
 * False: nothing may be written; {@link whyNotMoved} tells why.
 */
export async function moveCall(db: Db, call: Call, to: CallChange, lease: Lease): Promise<boolean> {
  const values = [
    to.revision,
    to.position,
    to.position < 0 ? null : JSON.stringify(to.state),
    to.status,
    to.status === "completed" ? JSON.stringify(to.output) : null,
    call.runId,
    call.effect,
    call.version,
    lease.owner,
    lease.fence,
  ];
  return (await move.changes(db, values)) > 0;
}

/** Why a call could not be moved: another process has its run, it is not wanted any more, or its rows have changed. */
export async function whyNotMoved(
  db: Db,
  { runId, effect }: CallRef,
  lease: Lease,
): Promise<"lost" | "cancelled" | "reload"> {
  if (!(await holdsLease(db, runId, lease))) return "lost";
  const wanted = await db
    .selectFrom("effects")
    .select("effect")
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .where("cancel_reason", "is", null)
    .executeTakeFirst();
  return wanted === undefined ? "cancelled" : "reload";
}

/**
 * Ends a call that has come to nothing. A driver that fails gives its lease; a cancellation is of whoever undoes the call. Returns how many
 * rounds it has had; undefined: it has ended before, or another process has its run.
 */
export async function endCall(
  db: Db,
  { runId, effect }: CallRef,
  status: "failed" | "cancelled",
  error: CallError,
  lease: Lease | undefined,
): Promise<number | undefined> {
  if (lease !== undefined && !(await holdsLease(db, runId, lease))) return undefined;
  const row = await db
    .updateTable("calls")
    .set((eb) => ({ status, error: JSON.stringify(error), version: eb("version", "+", 1) }))
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .where("status", "=", "open")
    .returning("position")
    .executeTakeFirst();
  return row?.position;
}

/** Keeps the output of a call whose row says that it is complete, in the same transaction. */
export async function saveOutput(db: Db, { runId, effect }: CallRef, output: Json): Promise<void> {
  await db
    .updateTable("calls")
    .set({ output: JSON.stringify(output) })
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .execute();
}

const firstRound = new Prepared<{ first: number }>(
  "select started_at_ms as first from rounds where run_id = ? and effect = ? order by position limit 1",
);

/** Seconds since the first round of a call began. */
export async function secondsOf(db: Db, { runId, effect }: CallRef, nowMs: number): Promise<number> {
  const [row] = await firstRound.rows(db, [runId, effect]);
  return (nowMs - (row?.first ?? nowMs)) / 1000;
}

/**
 * How many rounds those calls of a run have had whose end the engine had taken in by the transition `seq`. Rounds without a call's row are of
 * the first release, and over.
 */
export async function roundsEndedBy(db: Db, runId: RunId, seq: number): Promise<number> {
  const { rounds } = await db
    .selectFrom("rounds")
    .leftJoin("calls", (join) =>
      join.onRef("calls.run_id", "=", "rounds.run_id").onRef("calls.effect", "=", "rounds.effect"),
    )
    .select((eb) => eb.fn.countAll<number>().as("rounds"))
    .where("rounds.run_id", "=", runId)
    .where((eb) => eb.or([eb("calls.run_id", "is", null), eb("calls.ended_seq", "<=", seq)]))
    .executeTakeFirstOrThrow();
  return rounds;
}

/** Whether the run rests by an operator's wish. */
export async function isPaused(db: Db, runId: RunId): Promise<boolean> {
  const row = await db.selectFrom("runs").select("state").where("run_id", "=", runId).executeTakeFirst();
  return row?.state === "paused";
}

/** What an offer tells of whom its work is for. */
export interface CallOrigin {
  readonly runName: string;
  readonly startedBy: string;
  readonly function: string;
  readonly drawBase: number;
  readonly origin: EffectId;
}

const origin = new Prepared<{
  name: string;
  started_by: string;
  function: string;
  draw_base: number;
  origin: string;
}>(
  `select runs.name, runs.started_by, calls.function, calls.draw_base, calls.origin from calls
    join runs on runs.run_id = calls.run_id where calls.run_id = ? and calls.effect = ?`,
);

/** Of a call that is there. */
export async function originOf(db: Db, { runId, effect }: CallRef): Promise<CallOrigin | undefined> {
  const [row] = await origin.rows(db, [runId, effect]);
  return (
    row && {
      runName: row.name,
      startedBy: row.started_by,
      function: row.function,
      drawBase: row.draw_base,
      origin: row.origin as EffectId,
    }
  );
}

function toCall(row: Row): Call {
  return {
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    function: row.function,
    revision: row.revision,
    argument: JSON.parse(row.argument) as Json,
    ref: row.ref,
    origin: row.origin as EffectId,
    drawBase: row.draw_base,
    createdAtMs: row.created_at_ms,
    position: row.position,
    state: row.state === null ? null : (JSON.parse(row.state) as Json),
    status: row.status as Call["status"],
    output: row.output === null ? null : (JSON.parse(row.output) as Json),
    error: row.error === null ? undefined : (JSON.parse(row.error) as CallError),
    version: row.version,
  };
}
