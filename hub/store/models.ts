import type { RunId, Sha256 } from "#kernel/ids.js";
import type { BlobRef } from "#kernel/refs.js";
import type { Db, ModelVersionsTable } from "./schema.js";

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

/**
 * Adds the next version of a series, made from the version of it that `base` is. Returns its number. A round of release 0.1 has made its
 * version before it was measured: that one is it.
 */
export async function insertModelVersion(
  db: Db,
  version: Omit<ModelVersion, "version" | "parent"> & { readonly base: BlobRef | undefined },
): Promise<number> {
  const known = await madeBefore(db, version);
  if (known !== undefined) {
    await setMetrics(db, version.model, known, version.metrics);
    return known;
  }
  const newest = await db
    .selectFrom("model_versions")
    .select((eb) => eb.fn.max("version").as("version"))
    .where("model", "=", version.model)
    .executeTakeFirst();
  const parent =
    version.base &&
    (await findModelVersion(db, { model: version.model, sha256: version.base.sha256 }, version.runId));
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
      parent: parent?.version ?? 0,
      created_at_ms: version.createdAtMs,
      metrics: JSON.stringify(version.metrics),
      layers: version.layers,
      sites: version.sites,
    })
    .execute();
  return number;
}

/** The version that a round has made already. What several calls of a run begin with is of no round. */
async function madeBefore(
  db: Db,
  { runId, round, model, blob }: Pick<ModelVersion, "runId" | "round" | "model" | "blob">,
): Promise<number | undefined> {
  if (round === 0) return undefined;
  const row = await db
    .selectFrom("model_versions")
    .select("version")
    .where("run_id", "=", runId)
    .where("round", "=", round)
    .where("model", "=", model)
    .where("sha256", "=", blob.sha256)
    .executeTakeFirst();
  return row?.version;
}

async function setMetrics(
  db: Db,
  model: string,
  version: number,
  metrics: ModelVersion["metrics"],
): Promise<void> {
  await db
    .updateTable("model_versions")
    .set({ metrics: JSON.stringify(metrics) })
    .where("model", "=", model)
    .where("version", "=", version)
    .execute();
}

/** How a model version may be named: by series and number, by digest, or by all of them. */
interface ModelRef {
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly sha256?: string | undefined;
}

/** The newest version that fits; one that `runId` has made comes before others. Undefined when there is none. */
export async function findModelVersion(
  db: Db,
  ref: ModelRef,
  runId: RunId,
): Promise<ModelVersion | undefined> {
  let query = db.selectFrom("model_versions").selectAll();
  if (ref.model !== undefined) query = query.where("model", "=", ref.model);
  if (ref.version !== undefined) query = query.where("version", "=", ref.version);
  if (ref.sha256 !== undefined) query = query.where("sha256", "=", ref.sha256);
  const row = await query
    .orderBy((eb) => eb.case().when("run_id", "=", runId).then(0).else(1).end())
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** The number of the version that a round has made of a series. */
export async function versionOfRound(
  db: Db,
  runId: RunId,
  round: number,
  model: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom("model_versions")
    .select("version")
    .where("run_id", "=", runId)
    .where("round", "=", round)
    .where("model", "=", model)
    .executeTakeFirst();
  return row?.version;
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
  return rows.map(toVersion);
}

function toVersion(row: ModelVersionsTable): ModelVersion {
  return {
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
  };
}
