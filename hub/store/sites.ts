import type { Dataset, Site } from "#hub/sites/model.js";
import type { SiteId } from "#kernel/ids.js";
import type { Db } from "./schema.js";

/** Every site, or the one named, with its datasets; in the order of the ids. */
export async function listSites(db: Db, only?: SiteId): Promise<Site[]> {
  let query = db
    .selectFrom("sites")
    .leftJoin("certificates", "certificates.site", "sites.site")
    .selectAll("sites")
    .select((eb) => eb.fn.max("certificates.not_after_ms").as("expires_at_ms"))
    .groupBy("sites.site")
    .orderBy("sites.site");
  let datasets = db.selectFrom("datasets").selectAll().orderBy("name");
  if (only !== undefined) {
    query = query.where("sites.site", "=", only);
    datasets = datasets.where("site", "=", only);
  }
  const rows = await query.execute();
  const datasetRows = await datasets.execute();
  return rows.map((row) => ({
    id: row.site as SiteId,
    organisation: row.organisation,
    labels: JSON.parse(row.labels) as Record<string, string>,
    datasets: datasetRows
      .filter((dataset) => dataset.site === row.site)
      .map((dataset) => JSON.parse(dataset.body) as Dataset),
    agentVersion: row.agent_version ?? undefined,
    capabilities: JSON.parse(row.capabilities) as string[],
    lastSeenMs: row.last_seen_ms ?? undefined,
    revokedAtMs: row.revoked_at_ms ?? undefined,
    revokedReason: row.revoked_reason ?? undefined,
    certificateExpiresAtMs: row.expires_at_ms ?? undefined,
  }));
}

/** Replaces what a site says it has. */
export async function saveCatalogue(db: Db, site: SiteId, datasets: readonly Dataset[]): Promise<void> {
  await db.deleteFrom("datasets").where("site", "=", site).execute();
  for (const dataset of datasets) {
    await db
      .insertInto("datasets")
      .values({ site, name: dataset.name, body: JSON.stringify(dataset) })
      .execute();
  }
}

/** What a site said of itself when it connected. */
export async function saveHello(
  db: Db,
  site: SiteId,
  hello: { agentVersion: string; capabilities: readonly string[] },
  nowMs: number,
): Promise<void> {
  await db
    .updateTable("sites")
    .set({
      agent_version: hello.agentVersion,
      capabilities: JSON.stringify(hello.capabilities),
      last_seen_ms: nowMs,
    })
    .where("site", "=", site)
    .execute();
}

export async function saveLastSeen(db: Db, site: SiteId, nowMs: number): Promise<void> {
  await db.updateTable("sites").set({ last_seen_ms: nowMs }).where("site", "=", site).execute();
}
