import type { AnswerHeader } from "#hub/assignments/model.js";
import type { AssignmentId, Sha256, SiteId } from "#kernel/ids.js";
import { Bulk } from "./bulk.js";
import type { Db } from "./schema.js";

/** An answer as its row records it. */
export interface Delivery {
  readonly header: AnswerHeader;
  readonly answerSha256: Sha256;
  /** The order of arrival within the stage. */
  readonly arrival: number;
  readonly nowMs: number;
}

const deliver = new Bulk(
  `with v(assignment_id, attempt, delivered_at_ms, arrival, op_id, answer_sha256, update_sha256, update_bytes, value, samples, metrics,
    behind, data_version) as (`,
  [
    "text",
    "bigint",
    "bigint",
    "bigint",
    "text",
    "text",
    "text",
    "bigint",
    "text",
    "bigint",
    "text",
    "bigint",
    "text",
  ],
  `) update assignments set state = 'delivered', delivered_at_ms = v.delivered_at_ms, arrival = v.arrival, op_id = v.op_id,
    answer_sha256 = v.answer_sha256, update_sha256 = v.update_sha256, update_bytes = v.update_bytes, value = v.value,
    samples = v.samples, metrics = v.metrics, behind = v.behind, data_version = v.data_version, reason_code = null, reason = null
    from v where assignments.assignment_id = v.assignment_id and assignments.attempt = v.attempt
      and assignments.state in ('offered', 'accepted') returning assignments.assignment_id as id`,
);

/**
 * Records answers, each to another assignment. Returns those that were; an assignment that was not open at this attempt any more stays as
 * it is (fencing).
 */
export async function deliverAssignments(
  db: Db,
  deliveries: readonly Delivery[],
): Promise<ReadonlySet<AssignmentId>> {
  const rows = deliveries.map(({ header, answerSha256, arrival, nowMs }) => {
    const { assignmentId, attempt, opId, update, value, samples, metrics, behind, dataVersion } = header;
    return [
      assignmentId,
      attempt,
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
    ];
  });
  const delivered = await deliver.run<{ id: string }>(db, rows);
  return new Set(delivered.map(({ id }) => id as AssignmentId));
}

/** Notes an answer that came after its attempt was over. */
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
