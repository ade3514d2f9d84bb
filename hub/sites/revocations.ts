import { revokedSites } from "#hub/store/admission.js";
import { revokedSerials } from "#hub/store/certificates.js";
import type { Db } from "#hub/store/schema.js";
import type { SiteId } from "#kernel/ids.js";

type Listener = (site: SiteId) => void;

/** Who is refused although the certificate is good: looked at in every call, so kept in memory; rebuilt from the store. */
export class Revocations {
  /** Serials (upper-case hexadecimal) and sites (`organisation/site`): the two cannot be confused. */
  #refused = new Set<string>();
  readonly #listeners = new Set<Listener>();

  static async load(db: Db, nowMs: number): Promise<Revocations> {
    const revocations = new Revocations();
    await revocations.reload(db, nowMs);
    return revocations;
  }

  async reload(db: Db, nowMs: number): Promise<void> {
    this.#refused = new Set([...(await revokedSites(db)), ...(await revokedSerials(db, nowMs))]);
  }

  /** Whether a certificate, by its serial, or a site is refused. */
  isRevoked(serialOrSite: string): boolean {
    return this.#refused.has(serialOrSite);
  }

  /** Called after the revocation is durable; the listeners cut what the site has open. */
  add(site: SiteId, serials: readonly string[]): void {
    for (const refused of [site, ...serials]) this.#refused.add(refused);
    for (const listener of this.#listeners) listener(site);
  }

  /** A revoked site has joined anew; its old certificates stay refused. */
  readmit(site: SiteId): void {
    this.#refused.delete(site);
  }

  onRevoke(listener: Listener): void {
    this.#listeners.add(listener);
  }
}
