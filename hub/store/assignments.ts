import type { CallRef, EffectId } from "#kernel/refs.js";
import type { Selectable } from "kysely";
import type { AnswerHeader, Assignment, AssignmentState } from "#hub/assignments/model.js";
import type { RoutingHistory } from "#hub/routing/rank.js";
import type { AssignmentId, OpId, RunId, Sha256, SiteId } from "#kernel/ids.js";
import type { WorkKind } from "#proto/codec/work.js";
import { Prepared } from "./prepared.js";
import type { AssignmentsTable, Db } from "./schema.js";

type Row = Selectable<AssignmentsTable>;

/** A new assignment, attempt 1, state `offered`. */
type NewAssignment = Pick<
  Assignment,
  "id" | "runId" | "effect" | "round" | "kind" | "site" | "base" | "deadlineAtMs"
>;

/** Writes new assignments and returns them. */
export async function insertAssignments(
  db: Db,
  assignments: readonly NewAssignment[],
  nowMs: number,
): Promise<Assignment[]> {
  const rows = await db
    .insertInto("assignments")
    .values(
      assignments.map((assignment) => ({
        assignment_id: assignment.id,
        run_id: assignment.runId,
        effect: assignment.effect,
        round: assignment.round,
        kind: assignment.kind,
        site: assignment.site,
        state: "offered",
        attempt: 1,
        base_sha256: assignment.base.sha256,
        base_bytes: assignment.base.sizeBytes,
        created_at_ms: nowMs,
        deadline_at_ms: assignment.deadlineAtMs,
        delivered_at_ms: null,
        op_id: null,
        answer_sha256: null,
        update_sha256: null,
        update_bytes: null,
        samples: 0,
        metrics: "{}",
        reason_code: null,
        reason: null,
      })),
    )
    .returningAll()
    .execute();
  return rows.map(toAssignment);
}

const find = new Prepared<Row>("select * from assignments where assignment_id = ?");

export async function findAssignment(db: Db, id: AssignmentId): Promise<Assignment | undefined> {
  const [row] = await find.rows(db, [id]);
  return row && toAssignment(row);
}

const findAll = new Prepared<Row>(
  "select * from assignments where run_id = ? and round = ? order by kind desc, site",
);
const findKind = new Prepared<Row>(
  "select * from assignments where run_id = ? and round = ? and kind = ? order by site",
);

/** The assignments of a round (of one kind, when given), in the order of their sites; those of training first. */
export async function assignmentsOfRound(
  db: Db,
  runId: RunId,
  round: number,
  kind?: WorkKind,
): Promise<Assignment[]> {
  const rows =
    kind === undefined
      ? await findAll.rows(db, [runId, round])
      : await findKind.rows(db, [runId, round, kind]);
  return rows.map(toAssignment);
}

/** How many sites have delivered an evaluation in each round of a run. */
export async function testedBy(db: Db, runId: RunId): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom("assignments")
    .select((eb) => ["round", eb.fn.countAll<number>().as("sites")])
    .where("run_id", "=", runId)
    .where("kind", "=", "evaluate")
    .where("state", "=", "delivered")
    .groupBy("round")
    .execute();
  return new Map(rows.map(({ round, sites }) => [round, sites]));
}

/** What a run has asked of its sites so far: whom in its last round, and each how often. */
export async function routingHistory(db: Db, runId: RunId): Promise<RoutingHistory> {
  const rows = await db
    .selectFrom("assignments")
    .select((eb) => ["site", eb.fn.countAll<number>().as("times"), eb.fn.max("round").as("last")])
    .where("run_id", "=", runId)
    .where("kind", "=", "train")
    .groupBy("site")
    .execute();
  const newest = Math.max(0, ...rows.map(({ last }) => last));
  return {
    previous: new Set(rows.filter(({ last }) => last === newest).map(({ site }) => site as SiteId)),
    asked: new Map(rows.map(({ site, times }) => [site as SiteId, times])),
  };
}

/** What is open everywhere, or at one site. */
export async function openAssignments(db: Db, site?: SiteId): Promise<Assignment[]> {
  let query = db.selectFrom("assignments").selectAll().where("state", "in", ["offered", "accepted"]);
  if (site !== undefined) query = query.where("site", "=", site);
  return (await query.orderBy("assignment_id").execute()).map(toAssignment);
}

/** What a site had vanished from: it may be offered again if its round still collects. */
export async function vanishedAssignments(db: Db, site: SiteId): Promise<Assignment[]> {
  const rows = await db
    .selectFrom("assignments")
    .innerJoin("rounds", (join) =>
      join.onRef("rounds.run_id", "=", "assignments.run_id").onRef("rounds.round", "=", "assignments.round"),
    )
    .selectAll("assignments")
    .where("assignments.site", "=", site)
    .where("assignments.state", "=", "vanished")
    .where("assignments.kind", "=", "train")
    .where("rounds.state", "=", "collecting")
    .execute();
  return rows.map(toAssignment);
}

const accept = new Prepared<Pick<Row, "run_id" | "round" | "kind">>(
  `update assignments set state = 'accepted' where assignment_id = ? and site = ? and attempt = ? and state = 'offered'
    returning run_id, round, kind`,
);

/** Notes that a site has an offer in its journal; undefined when it was not waited for. */
export async function acceptAssignment(
  db: Db,
  site: SiteId,
  id: AssignmentId,
  attempt: number,
): Promise<Pick<Assignment, "runId" | "round" | "kind"> | undefined> {
  const [row] = await accept.rows(db, [id, site, attempt]);
  return row && { runId: row.run_id as RunId, round: row.round, kind: row.kind as WorkKind };
}

/** Moves an open assignment on; false when it was not open, or at another attempt, any more. */
export async function settleAssignment(
  db: Db,
  id: AssignmentId,
  attempt: number,
  state: AssignmentState,
  reason?: { code: string; text: string },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("assignments")
    .set({ state, reason_code: reason?.code ?? null, reason: reason?.text ?? null })
    .where("assignment_id", "=", id)
    .where("attempt", "=", attempt)
    .where("state", "in", ["offered", "accepted"])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Offers anew, under the next attempt number, what stands in one of the states `from`; false when it stood elsewhere. */
export async function reopenAssignment(
  db: Db,
  id: AssignmentId,
  attempt: number,
  from: readonly AssignmentState[],
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("assignments")
    .set({ state: "offered", attempt: attempt + 1, reason_code: null, reason: null })
    .where("assignment_id", "=", id)
    .where("attempt", "=", attempt)
    .where("state", "in", from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

const deliver = new Prepared(
  `update assignments set state = 'delivered', delivered_at_ms = ?, op_id = ?, answer_sha256 = ?, update_sha256 = ?, update_bytes = ?,
    samples = ?, metrics = ?, reason_code = null, reason = null
    where assignment_id = ? and attempt = ? and state in ('offered', 'accepted')`,
);

/** Records an answer; false when the assignment was not open at this attempt any more (fencing). */
export async function deliverAssignment(
  db: Db,
  { opId, update, samples, metrics, assignmentId, attempt }: AnswerHeader,
  answerSha256: Sha256,
  nowMs: number,
): Promise<boolean> {
  const answer = [opId, answerSha256, update?.sha256 ?? null, update?.sizeBytes ?? null, samples];
  const values = [nowMs, ...answer, JSON.stringify(metrics), assignmentId, attempt];
  return (await deliver.changes(db, values)) > 0;
}

/** Closes all that is open of a call. Returns what was closed. */
export async function closeAssignments(
  db: Db,
  { runId, effect }: CallRef,
  state: "cancelled",
  reason: { code: string; text: string },
): Promise<Assignment[]> {
  const rows = await db
    .updateTable("assignments")
    .set({ state, reason_code: reason.code, reason: reason.text })
    .where("run_id", "=", runId)
    .where("effect", "=", effect)
    .where("state", "in", ["offered", "accepted"])
    .returningAll()
    .execute();
  return rows.map(toAssignment);
}

export async function insertLateAnswer(
  db: Db,
  site: SiteId,
  header: AnswerHeader,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto("late_answers")
    .values({
      assignment_id: header.assignmentId,
      attempt: header.attempt,
      site,
      at_ms: nowMs,
      update_sha256: header.update?.sha256 ?? null,
      samples: header.samples,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function toAssignment(row: Row): Assignment {
  return {
    id: row.assignment_id as AssignmentId,
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    round: row.round,
    kind: row.kind as WorkKind,
    site: row.site as SiteId,
    state: row.state as AssignmentState,
    attempt: row.attempt,
    base: { sha256: row.base_sha256 as Sha256, sizeBytes: row.base_bytes },
    deadlineAtMs: row.deadline_at_ms,
    deliveredAtMs: row.delivered_at_ms ?? undefined,
    opId: (row.op_id ?? undefined) as OpId | undefined,
    answerSha256: (row.answer_sha256 ?? undefined) as Sha256 | undefined,
    update:
      row.update_sha256 === null || row.update_bytes === null
        ? undefined
        : { sha256: row.update_sha256 as Sha256, sizeBytes: row.update_bytes },
    samples: row.samples,
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    reasonCode: row.reason_code ?? undefined,
    reason: row.reason ?? undefined,
  };
}
