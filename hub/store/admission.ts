import type { Selectable } from "kysely";
import { organisationOf, type SiteId } from "#kernel/ids.js";
import type { Db, InvitationsTable } from "./schema.js";

export type InvitationRow = Selectable<InvitationsTable>;

/** Makes an invited site known; one that is known already keeps everything but its labels. */
export async function saveInvitedSite(
  db: Db,
  site: SiteId,
  labels: Readonly<Record<string, string>>,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto("sites")
    .values({
      site,
      organisation: organisationOf(site),
      labels: JSON.stringify(labels),
      created_at_ms: nowMs,
      agent_version: null,
      capabilities: "[]",
      last_seen_ms: null,
      revoked_at_ms: null,
      revoked_reason: null,
    })
    .onConflict((conflict) => conflict.column("site").doUpdateSet({ labels: JSON.stringify(labels) }))
    .execute();
}

export async function insertInvitation(
  db: Db,
  invitation: Pick<InvitationRow, "jti" | "site" | "invited_by" | "created_at_ms" | "expires_at_ms">,
): Promise<void> {
  await db
    .insertInto("invitations")
    .values({ ...invitation, spki_sha256: null, serial: null, consumed_at_ms: null })
    .execute();
}

export const findInvitation = (db: Db, jti: string): Promise<InvitationRow | undefined> =>
  db.selectFrom("invitations").selectAll().where("jti", "=", jti).executeTakeFirst();

/** Binds an invitation to the one key that has used it. */
export async function consumeInvitation(
  db: Db,
  jti: string,
  use: { spki_sha256: string; serial: string; consumed_at_ms: number },
): Promise<void> {
  await db.updateTable("invitations").set(use).where("jti", "=", jti).execute();
}

/** A site has joined: a revocation of its former identity is over. */
export async function admitSite(db: Db, site: SiteId, agentVersion: string): Promise<void> {
  await db
    .updateTable("sites")
    .set({ agent_version: agentVersion, revoked_at_ms: null, revoked_reason: null })
    .where("site", "=", site)
    .execute();
}

/** When a site was revoked; null while it is not, undefined when there is no such site. */
export async function revokedAtMs(db: Db, site: SiteId): Promise<number | null | undefined> {
  const row = await db
    .selectFrom("sites")
    .select("revoked_at_ms")
    .where("site", "=", site)
    .executeTakeFirst();
  return row?.revoked_at_ms;
}

/** Marks a site, and ends the invitations that nobody has used. */
export async function revokeSite(db: Db, site: SiteId, reason: string, nowMs: number): Promise<void> {
  await db
    .updateTable("sites")
    .set({ revoked_at_ms: nowMs, revoked_reason: reason })
    .where("site", "=", site)
    .where("revoked_at_ms", "is", null)
    .execute();
  await db
    .updateTable("invitations")
    .set({ expires_at_ms: nowMs })
    .where("site", "=", site)
    .where("spki_sha256", "is", null)
    .where("expires_at_ms", ">", nowMs)
    .execute();
}

export async function revokedSites(db: Db): Promise<SiteId[]> {
  const rows = await db.selectFrom("sites").select("site").where("revoked_at_ms", "is not", null).execute();
  return rows.map((row) => row.site as SiteId);
}
