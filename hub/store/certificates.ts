import type { Selectable } from "kysely";
import type { SiteId } from "#kernel/ids.js";
import type { CertificatesTable, Db } from "./schema.js";

export type CertificateRow = Selectable<CertificatesTable>;

export async function insertCertificate(
  db: Db,
  certificate: Omit<CertificateRow, "revoked_at_ms">,
): Promise<void> {
  await db
    .insertInto("certificates")
    .values({ ...certificate, revoked_at_ms: null })
    .execute();
}

export const findCertificate = (db: Db, serial: string): Promise<CertificateRow | undefined> =>
  db.selectFrom("certificates").selectAll().where("serial", "=", serial).executeTakeFirst();

/** Every certificate that was issued for a key, newest first. */
export const certificatesOfKey = (db: Db, spkiSha256: string): Promise<CertificateRow[]> =>
  db
    .selectFrom("certificates")
    .selectAll()
    .where("spki_sha256", "=", spkiSha256)
    .orderBy("not_before_ms", "desc")
    .execute();

/** How many certificates of a site are still good. */
export async function countLiveCertificates(db: Db, site: SiteId, nowMs: number): Promise<number> {
  const row = await db
    .selectFrom("certificates")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("site", "=", site)
    .where("not_after_ms", ">", nowMs)
    .where("revoked_at_ms", "is", null)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Forgets certificates of a site that ended before a time. */
export async function deleteOldCertificates(db: Db, site: SiteId, beforeMs: number): Promise<void> {
  await db.deleteFrom("certificates").where("site", "=", site).where("not_after_ms", "<", beforeMs).execute();
}

/** Marks every certificate of a site; returns the serials of those that had not been marked. */
export async function revokeCertificates(db: Db, site: SiteId, nowMs: number): Promise<string[]> {
  const rows = await db
    .updateTable("certificates")
    .set({ revoked_at_ms: nowMs })
    .where("site", "=", site)
    .where("revoked_at_ms", "is", null)
    .returning("serial")
    .execute();
  return rows.map((row) => row.serial);
}

/** The serials that are revoked but have not ended by themselves. */
export async function revokedSerials(db: Db, nowMs: number): Promise<string[]> {
  const rows = await db
    .selectFrom("certificates")
    .select("serial")
    .where("revoked_at_ms", "is not", null)
    .where("not_after_ms", ">", nowMs)
    .execute();
  return rows.map((row) => row.serial);
}
