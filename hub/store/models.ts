import type { BlobRef } from "#hub/assignments/model.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Db } from "./schema.js";

/** One immutable model of a named series, with its lineage. */
export interface ModelVersion {
  readonly model: string;
  readonly version: number;
  readonly blob: BlobRef;
  readonly runId: RunId;
  /** 0: the initial model. */
  readonly round: number;
  /** The version that it was made from; 0 for none. */
  readonly parent: number;
  readonly createdAtMs: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Keras JSON. */
  readonly layers: string;
  /** Sites whose updates are in it. */
  readonly sites: number;
}

/** Adds the next version of a series. */
export async function insertModelVersion(
  db: Db,
  version: Omit<ModelVersion, "version" | "metrics" | "parent">,
): Promise<number> {
  const newest = await db
    .selectFrom("model_versions")
    .select((eb) => eb.fn.max("version").as("version"))
    .where("model", "=", version.model)
    .executeTakeFirst();
  const before = await db
    .selectFrom("model_versions")
    .select("version")
    .where("run_id", "=", version.runId)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  const number = (newest?.version ?? 0) + 1;
  await db
    .insertInto("model_versions")
    .values({
      model: version.model,
      version: number,
      sha256: version.blob.sha256,
      size_bytes: version.blob.sizeBytes,
      run_id: version.runId,
      round: version.round,
      parent: before?.version ?? 0,
      created_at_ms: version.createdAtMs,
      metrics: "{}",
      layers: version.layers,
      sites: version.sites,
    })
    .execute();
  return number;
}

/** What the sites measured of a version. */
export async function setModelMetrics(
  db: Db,
  runId: RunId,
  round: number,
  metrics: Readonly<Record<string, number>>,
): Promise<void> {
  await db
    .updateTable("model_versions")
    .set({ metrics: JSON.stringify(metrics) })
    .where("run_id", "=", runId)
    .where("round", "=", round)
    .execute();
}

/** The versions of all series, of one series, or of one run; oldest first. */
export async function modelVersions(
  db: Db,
  where: { model?: string; runId?: RunId } = {},
): Promise<ModelVersion[]> {
  let query = db.selectFrom("model_versions").selectAll();
  if (where.model !== undefined) query = query.where("model", "=", where.model);
  if (where.runId !== undefined) query = query.where("run_id", "=", where.runId);
  const rows = await query.orderBy("model").orderBy("version").execute();
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    blob: { sha256: row.sha256 as Sha256, sizeBytes: row.size_bytes },
    runId: row.run_id as RunId,
    round: row.round,
    parent: row.parent,
    createdAtMs: row.created_at_ms,
    metrics: JSON.parse(row.metrics) as Record<string, number>,
    layers: row.layers,
    sites: row.sites,
  }));
}
