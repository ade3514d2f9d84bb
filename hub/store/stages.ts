import type { Selectable } from "kysely";
import type { Inputs, Rule, SitePart, Stage, StageKey, Unasked } from "#hub/assignments/stage.js";
import type { RunId, Sha256, SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { CallRef, EffectId } from "#kernel/refs.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";
import type { StagesTable } from "./schema-federated.js";

type Row = Selectable<StagesTable>;

/** A stage as it opens. */
export type NewStage = Omit<Stage, "status" | "closedAtMs" | "short" | "changes">;

const insert = new Prepared(
  `insert into stages (run_id, effect, position, stage, round, kind, work, inputs, site_state, rule, status, unasked, population,
    opened_at_ms, closed_at_ms, short, changes, waiting, concurrency, quiet)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, null, 0, 0, ?, ?, ?)`,
);

export async function insertStage(db: Db, stage: NewStage): Promise<void> {
  await insert.changes(db, [
    stage.runId,
    stage.effect,
    stage.position,
    stage.stage,
    stage.round,
    stage.kind,
    JSON.stringify(stage.work),
    JSON.stringify(stage.inputs),
    stage.siteState ?? null,
    JSON.stringify(stage.rule),
    JSON.stringify(stage.unasked),
    stage.population,
    stage.openedAtMs,
    stage.waiting,
    stage.concurrency,
    stage.quiet ? 1 : 0,
  ]);
}

/** Writes a stage that stands where it stood before there were stages. */
export async function adoptStage(db: Db, stage: Stage): Promise<void> {
  await insertStage(db, stage);
  await db
    .updateTable("stages")
    .set({ status: stage.status, closed_at_ms: stage.closedAtMs ?? null })
    .where("run_id", "=", stage.runId)
    .where("effect", "=", stage.effect)
    .where("position", "=", stage.position)
    .where("stage", "=", stage.stage)
    .execute();
}

const find = new Prepared<Row>(
  "select * from stages where run_id = ? and effect = ? and position = ? and stage = ?",
);

export async function findStage(
  db: Db,
  { runId, effect, position, stage }: StageKey,
): Promise<Stage | undefined> {
  const [row] = await find.rows(db, [runId, effect, position, stage]);
  return row && toStage(row);
}

const count = new Prepared<{ asked: number }>(
  `select count(*) as asked from assignments where run_id = ? and effect = ? and position = ? and stage = ?`,
);

/** How many assignments a stage has. */
export async function countOfStage(
  db: Db,
  { runId, effect, position, stage }: StageKey,
): Promise<{ readonly asked: number }> {
  const [row] = await count.rows(db, [runId, effect, position, stage]);
  return { asked: row?.asked ?? 0 };
}

const inputs = new Prepared<{ inputs: string; part: string | null }>(
  `select stages.inputs, assignments.part from assignments join stages on stages.run_id = assignments.run_id
    and stages.effect = assignments.effect and stages.position = assignments.position and stages.stage = assignments.stage
    where assignments.site = ? and assignments.state in ('offered', 'accepted')`,
);

/** The blobs that a site's open assignments name as inputs: all that it may fetch. */
export async function inputsOfSite(db: Db, site: SiteId): Promise<ReadonlySet<Sha256>> {
  const digests = new Set<Sha256>();
  for (const row of await inputs.rows(db, [site])) {
    const part = row.part === null ? undefined : (JSON.parse(row.part) as SitePart).inputs;
    const named = { ...(JSON.parse(row.inputs) as Inputs), ...part };
    for (const { sha256 } of Object.values(named)) digests.add(sha256);
  }
  return digests;
}

const findAll = new Prepared<Row>(
  "select * from stages where run_id = ? and effect = ? and position in (?, 0) order by opened_at_ms",
);

/** The stages of a call that a round sees: its own, and those of position 0. */
export async function stagesOf(
  db: Db,
  { runId, effect }: CallRef,
  position: number,
): Promise<readonly Stage[]> {
  return (await findAll.rows(db, [runId, effect, position])).map(toStage);
}

const move = new Prepared<{ changes: number; waiting: number; concurrency: number }>(
  `update stages set changes = changes + ?, waiting = waiting + ?
    where run_id = ? and effect = ? and position = ? and stage = ? and status = 'open'
    returning changes, waiting, concurrency`,
);

/**
 * Says within the transaction of an assignment's change that it has changed: so it conflicts with the closing of the stage. `opened`: how
 * many more of its assignments are open now; `changed`: how many have changed. Undefined: the stage is not open any more, and nothing of it
 * may change.
 */
export async function moveStage(
  db: Db,
  { runId, effect, position, stage }: StageKey,
  opened: number,
  changed = 1,
): Promise<{ readonly changes: number; readonly isDue: boolean } | undefined> {
  const [row] = await move.rows(db, [changed, opened, runId, effect, position, stage]);
  return row && { changes: row.changes, isDue: row.waiting <= 0 || row.concurrency > 0 };
}

const close = new Prepared(
  `update stages set status = 'closed', short = ?, closed_at_ms = ?
    where run_id = ? and effect = ? and position = ? and stage = ? and status = 'open' and changes = ?`,
);

/** Closes a stage that is as it was read; false when an answer has come in, or it is closed already. */
export async function closeStage(
  db: Db,
  { runId, effect, position, stage, changes }: Stage,
  { short, closedAtMs }: { readonly short: boolean; readonly closedAtMs: number },
): Promise<boolean> {
  const values = [short ? 1 : 0, closedAtMs, runId, effect, position, stage, changes];
  return (await close.changes(db, values)) > 0;
}

/** What a stream's free sites get from now on. */
export async function replaceStageInputs(db: Db, key: StageKey, inputs: Inputs): Promise<void> {
  await db
    .updateTable("stages")
    .set({ inputs: JSON.stringify(inputs) })
    .where("run_id", "=", key.runId)
    .where("effect", "=", key.effect)
    .where("position", "=", key.position)
    .where("stage", "=", key.stage)
    .execute();
}

const endAll = new Prepared(
  "update stages set status = ?, closed_at_ms = ? where run_id = ? and effect = ? and status = 'open'",
);

/** Ends whatever stage of a call is still open: `closed` when the call has come to its end, `failed` when it ends without it. */
export async function endStages(
  db: Db,
  { runId, effect }: CallRef,
  status: "closed" | "failed",
  nowMs: number,
): Promise<void> {
  await endAll.changes(db, [status, nowMs, runId, effect]);
}

function toStage(row: Row): Stage {
  return {
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    position: row.position,
    stage: row.stage,
    round: row.round,
    kind: row.kind,
    work: JSON.parse(row.work) as Json,
    inputs: JSON.parse(row.inputs) as Inputs,
    siteState: row.site_state ?? undefined,
    rule: JSON.parse(row.rule) as Rule,
    status: row.status as Stage["status"],
    unasked: JSON.parse(row.unasked) as Unasked[],
    population: row.population,
    openedAtMs: row.opened_at_ms,
    closedAtMs: row.closed_at_ms ?? undefined,
    short: row.short === 1,
    changes: row.changes,
    waiting: row.waiting,
    concurrency: row.concurrency,
    quiet: row.quiet === 1,
  };
}
