import type { Selectable } from "kysely";
import type { Assignment, AssignmentState } from "#hub/assignments/model.js";
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

const count = new Bulk(
  "insert into asked_sites (run_id, kind, site, last_round, times)",
  ["text", "text", "text", "bigint", "bigint"],
  `on conflict (run_id, kind, site) do update set times = asked_sites.times + excluded.times, last_round = case
    when excluded.last_round > asked_sites.last_round then excluded.last_round else asked_sites.last_round end`,
);

/** Counts whom a run has asked. One row for each site: PostgreSQL moves no row twice in one statement. */
async function countAsked(db: Db, assignments: readonly NewAssignment[]): Promise<void> {
  const rows = new Map<string, [string, string, string, number, number]>();
  for (const { runId, kind, site, round } of assignments) {
    const key = `${runId}/${kind}/${site}`;
    const [, , , last = 0, times = 0] = rows.get(key) ?? [];
    rows.set(key, [runId, kind, site, Math.max(last, round), times + 1]);
  }
  await count.run(db, [...rows.values()]);
}

/** Writes new assignments and returns them; the run has asked these sites once more. */
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
  const inserted = (await insert.run<Row>(db, rows)).map(toAssignment);
  await countAsked(db, assignments);
  return inserted;
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

const findAsked = new Prepared<{ site: string; times: number; last: number }>(
  "select site, times, last_round as last from asked_sites where run_id = ? and kind = ?",
);

/** What a run has asked of its sites so far for a kind of work: whom last, and each how often. */
export async function routingHistory(db: Db, runId: RunId, kind: string): Promise<RoutingHistory> {
  const rows = await findAsked.rows(db, [runId, kind]);
  const newest = Math.max(0, ...rows.map(({ last }) => last));
  return {
    previous: new Set(rows.filter(({ last }) => last === newest).map(({ site }) => site as SiteId)),
    asked: new Map(rows.map(({ site, times }) => [site as SiteId, times])),
  };
}

// The states as text, no values: only so do the partial indexes of what is open serve.
const findOpen = new Prepared<Row>(
  "select * from assignments where state in ('offered', 'accepted') order by site, assignment_id",
);
const findOpenAt = new Prepared<Row>(
  "select * from assignments where site = ? and state in ('offered', 'accepted') order by assignment_id",
);

/** What is open everywhere, or at one site. */
export async function openAssignments(db: Db, site?: SiteId): Promise<Assignment[]> {
  const rows = await (site === undefined ? findOpen.rows(db, []) : findOpenAt.rows(db, [site]));
  return rows.map(toAssignment);
}

const findVanished = new Prepared<Row>(
  `select assignments.* from stages join assignments on assignments.run_id = stages.run_id and assignments.effect = stages.effect
    and assignments.position = stages.position and assignments.stage = stages.stage
    where stages.status = 'open' and assignments.site = ? and assignments.state = 'vanished'`,
);

/** What a site had vanished from: it may be offered again while its stage is open. */
export async function vanishedAssignments(db: Db, site: SiteId): Promise<Assignment[]> {
  return (await findVanished.rows(db, [site])).map(toAssignment);
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

const closeAll = new Prepared<Row>(
  `update assignments set state = ?, reason_code = ?, reason = ?
    where run_id = ? and effect = ? and state in ('offered', 'accepted') returning *`,
);

/** Closes all that is open of a call. Returns what was closed. */
export async function closeAssignments(
  db: Db,
  { runId, effect }: CallRef,
  state: "cancelled",
  reason: { code: string; text: string },
): Promise<Assignment[]> {
  const rows = await closeAll.rows(db, [state, reason.code, reason.text, runId, effect]);
  return rows.map(toAssignment);
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
