import type { Selectable } from "kysely";
import type { Round } from "#hub/federated/round.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { BlobRef, CallRef, EffectId } from "#kernel/refs.js";
import { Prepared } from "./prepared.js";
import type { Db } from "./schema.js";
import type { RoundsTable } from "./schema-federated.js";

type Row = Selectable<RoundsTable>;

const insert = new Prepared<Row>(
  `insert into rounds (run_id, round, effect, position, revision, status, started_at_ms, samples, metrics, sites)
    values (?, (select coalesce(max(round), 0) + 1 from rounds where run_id = ?), ?, ?, ?, 'open', ?, 0, '{}', 0) returning *`,
);

/**
 * Begins a round under the next number of its run, whichever calls of the run are under way at the same time. `revision`: of the script that
 * makes it.
 */
export async function insertRound(
  db: Db,
  { runId, effect, revision }: Pick<Round, "runId" | "effect" | "revision">,
  position: number,
  nowMs: number,
): Promise<Round> {
  const [row] = await insert.rows(db, [runId, runId, effect, position, revision, nowMs]);
  if (row === undefined) throw new Error("an inserted round was not returned");
  return toRound(row);
}

const next = new Prepared<{ round: number }>(
  "select coalesce(max(round), 0) + 1 as round from rounds where run_id = ?",
);

/** The number that the next round of a run will have. */
export async function nextRound(db: Db, runId: RunId): Promise<number> {
  const [row] = await next.rows(db, [runId]);
  return row?.round ?? 1;
}

const find = new Prepared<Row>("select * from rounds where run_id = ? and effect = ? and position = ?");

/** The round at a place of its call; undefined while it has not begun. */
export async function roundAt(
  db: Db,
  { runId, effect }: CallRef,
  position: number,
): Promise<Round | undefined> {
  const [row] = await find.rows(db, [runId, effect, position]);
  return row && toRound(row);
}

/** What a round has come to. */
type RoundEnd = Pick<Round, "base" | "model" | "samples" | "metrics" | "sites"> & {
  readonly status: "completed" | "void";
  readonly endedAtMs: number;
};

const end = new Prepared(
  `update rounds set status = ?, ended_at_ms = ?, base_sha256 = ?, base_bytes = ?, model_sha256 = ?, model_bytes = ?, samples = ?,
    metrics = ?, sites = ? where run_id = ? and round = ? and status = 'open'`,
);

/** Ends an open round. */
export async function endRound(
  db: Db,
  { runId, round }: Pick<Round, "runId" | "round">,
  { status, endedAtMs, base, model, samples, metrics, sites }: RoundEnd,
): Promise<void> {
  await end.changes(db, [
    status,
    endedAtMs,
    base?.sha256 ?? null,
    base?.sizeBytes ?? null,
    model?.sha256 ?? null,
    model?.sizeBytes ?? null,
    samples,
    JSON.stringify(metrics),
    sites,
    runId,
    round,
  ]);
}

const failAll = new Prepared(
  "update rounds set status = 'failed', ended_at_ms = ? where run_id = ? and effect = ? and status = 'open'",
);

/** Ends whatever round of a call is still under way. */
export async function failOpenRounds(db: Db, { runId, effect }: CallRef, nowMs: number): Promise<void> {
  await failAll.changes(db, [nowMs, runId, effect]);
}

/** Every round of a run, in their order. */
export async function roundsOf(db: Db, runId: RunId): Promise<Round[]> {
  const rows = await db
    .selectFrom("rounds")
    .selectAll()
    .where("run_id", "=", runId)
    .orderBy("round")
    .execute();
  return rows.map(toRound);
}

function toRound(row: Row): Round {
  return {
    runId: row.run_id as RunId,
    effect: row.effect as EffectId,
    round: row.round,
    position: row.position,
    revision: row.revision,
    status: row.status as Round["status"],
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms ?? undefined,
    base: blobOf(row.base_sha256, row.base_bytes),
    model: blobOf(row.model_sha256, row.model_bytes),
    samples: row.samples,
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    sites: row.sites,
  };
}

const blobOf = (sha256: string | null, sizeBytes: number | null): BlobRef | undefined =>
  sha256 === null || sizeBytes === null ? undefined : { sha256: sha256 as Sha256, sizeBytes };
