import type { Selectable } from "kysely";
import type { AnswerHeader, Assignment, AssignmentState } from "#hub/assignments/model.js";
import type { SitePart, StageKey } from "#hub/assignments/stage.js";
import type { RoutingHistory } from "#hub/routing/rank.js";
import type { AssignmentId, OpId, RunId, Sha256, SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { CallRef, EffectId } from "#kernel/refs.js";
import { Bulk } from "./bulk.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";
import type { AssignmentsTable } from "./schema-federated.js";

/** A row of the table, for those who read it in their own way. */
export type AssignmentRow = Selectable<AssignmentsTable>;
type Row = AssignmentRow;

/** A new assignment, attempt 1, state `offered`. */
export type NewAssignment = Pick<
  Assignment,
  keyof StageKey | "id" | "round" | "kind" | "site" | "part" | "issued" | "stateFrom" | "deadlineAtMs"
>;

const insert = new Bulk(
  `insert into assignments (assignment_id, run_id, effect, position, stage, round, kind, site, state, attempt, part, issued, state_from,
    created_at_ms, deadline_at_ms, arrival, samples, metrics, behind, data_version)`,
  [
    "text",
    "text",
    "text",
    "bigint",
    "text",
    "bigint",
    "text",
    "text",
    "text",
    "bigint",
    "text",
    "bigint",
    "text",
    "bigint",
    "bigint",
    "bigint",
    "bigint",
    "text",
    "bigint",
    "text",
  ],
  "returning *",
);

/** Writes new assignments and returns them. */
export async function insertAssignments(
  db: Db,
  assignments: readonly NewAssignment[],
  nowMs: number,
): Promise<Assignment[]> {
  const rows = assignments.map((one) => [
    one.id,
    one.runId,
    one.effect,
    one.position,
    one.stage,
    one.round,
    one.kind,
    one.site,
    "offered",
    1,
    one.part.body === undefined && one.part.inputs === undefined ? null : JSON.stringify(one.part),
    one.issued,
    one.stateFrom ?? null,
    nowMs,
    one.deadlineAtMs,
    0,
    0,
    "{}",
    1,
    "",
  ]);
  return (await insert.run<Row>(db, rows)).map(toAssignment);
}

const find = new Prepared<Row>("select * from assignments where assignment_id = ?");

export async function findAssignment(db: Db, id: AssignmentId): Promise<Assignment | undefined> {
  const [row] = await find.rows(db, [id]);
  return row && toAssignment(row);
}

const findRound = new Prepared<Row>(
  "select * from assignments where run_id = ? and round = ? order by created_at_ms, kind desc, site, assignment_id",
);

/** The assignments of a round, stage by stage, in the order of their sites. */
export async function assignmentsOfRound(db: Db, runId: RunId, round: number): Promise<Assignment[]> {
  return (await findRound.rows(db, [runId, round])).map(toAssignment);
}

const findOfStage = new Prepared<Row>(
  `select * from assignments where run_id = ? and effect = ? and position = ? and stage = ? order by site, assignment_id`,
);

/** The assignments of a stage, in the order of their sites. */
export async function assignmentsOfStage(
  db: Db,
  { runId, effect, position, stage }: StageKey,
): Promise<Assignment[]> {
  return (await findOfStage.rows(db, [runId, effect, position, stage])).map(toAssignment);
}

/** What a run has asked of its sites so far for a kind of work: whom last, and each how often. */
export async function routingHistory(db: Db, runId: RunId, kind: string): Promise<RoutingHistory> {
  const rows = await db
    .selectFrom("assignments")
    .select((eb) => ["site", eb.fn.countAll<number>().as("times"), eb.fn.max("round").as("last")])
    .where("run_id", "=", runId)
    .where("kind", "=", kind)
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

/** What a site had vanished from: it may be offered again while its stage is open. */
export async function vanishedAssignments(db: Db, site: SiteId): Promise<Assignment[]> {
  const rows = await db
    .selectFrom("assignments")
    .innerJoin("stages", (join) =>
      join
        .onRef("stages.run_id", "=", "assignments.run_id")
        .onRef("stages.effect", "=", "assignments.effect")
        .onRef("stages.position", "=", "assignments.position")
        .onRef("stages.stage", "=", "assignments.stage"),
    )
    .selectAll("assignments")
    .where("assignments.site", "=", site)
    .where("assignments.state", "=", "vanished")
    .where("stages.status", "=", "open")
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
  return row && { runId: row.run_id as RunId, round: row.round, kind: row.kind };
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
  `update assignments set state = 'delivered', delivered_at_ms = ?, arrival = ?, op_id = ?, answer_sha256 = ?, update_sha256 = ?,
    update_bytes = ?, value = ?, samples = ?, metrics = ?, behind = ?, data_version = ?, reason_code = null, reason = null
    where assignment_id = ? and attempt = ? and state in ('offered', 'accepted')`,
);

/** Records an answer; false when the assignment was not open at this attempt any more (fencing). */
export async function deliverAssignment(
  db: Db,
  header: AnswerHeader,
  answerSha256: Sha256,
  arrival: number,
  nowMs: number,
): Promise<boolean> {
  const { opId, update, value, samples, metrics, behind, dataVersion, assignmentId, attempt } = header;
  const values = [
    nowMs,
    arrival,
    opId,
    answerSha256,
    update?.sha256 ?? null,
    update?.sizeBytes ?? null,
    value === undefined ? null : JSON.stringify(value),
    samples,
    JSON.stringify(metrics),
    behind,
    dataVersion,
    assignmentId,
    attempt,
  ];
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

/** The row in the words of the area. */
export function toAssignment(row: Row): Assignment {
  return {
    id: row.assignment_id as AssignmentId,
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    position: row.position,
    stage: row.stage,
    round: row.round,
    kind: row.kind,
    site: row.site as SiteId,
    state: row.state as AssignmentState,
    attempt: row.attempt,
    part: row.part === null ? {} : (JSON.parse(row.part) as SitePart),
    issued: row.issued,
    stateFrom: (row.state_from ?? undefined) as AssignmentId | undefined,
    deadlineAtMs: row.deadline_at_ms,
    deliveredAtMs: row.delivered_at_ms ?? undefined,
    arrival: row.arrival,
    opId: (row.op_id ?? undefined) as OpId | undefined,
    answerSha256: (row.answer_sha256 ?? undefined) as Sha256 | undefined,
    update:
      row.update_sha256 === null || row.update_bytes === null
        ? undefined
        : { sha256: row.update_sha256 as Sha256, sizeBytes: row.update_bytes },
    value: row.value === null ? undefined : (JSON.parse(row.value) as Json),
    samples: row.samples,
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    behind: row.behind,
    dataVersion: row.data_version,
    reasonCode: row.reason_code ?? undefined,
    reason: row.reason ?? undefined,
  };
}
