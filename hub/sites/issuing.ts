import type { KeyObject } from "node:crypto";
import { type Authority, agentLifetimeMs } from "#certs/authority.js";
import { spkiOf } from "#certs/keys.js";
import {
  type CertificateRow,
  certificatesOfKey,
  countLiveCertificates,
  deleteOldCertificates,
  insertCertificate,
} from "#hub/store/certificates.js";
import type { Db } from "#hub/store/schema.js";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import type { Sha256, SiteId } from "#kernel/ids.js";

/** A site renews every twelve hours; one that asks far more often is broken or hostile. */
const maxLive = 64;
const keptMs = 30 * 24 * 3_600_000;

/** Names a public key: the digest of its SubjectPublicKeyInfo. */
export const keyDigest = (key: KeyObject): Sha256 => hashBytes(spkiOf(key));

/** What a site gets when it joins or renews. */
export interface Admission {
  readonly site: SiteId;
  /** Leaf first, then the issuing authority, PEM. */
  readonly chain: string;
  /** PEM. */
  readonly root: string;
}

/** Issues certificates to sites and keeps the record of them; always inside the caller's transaction. */
export class Issuing {
  readonly authority: Authority;
  readonly #lifetimeMs: number;

  constructor(authority: Authority, lifetimeMs = agentLifetimeMs) {
    this.authority = authority;
    this.#lifetimeMs = lifetimeMs;
  }

  /** A certificate for a key that has never had one. Throws `CERTIFICATE_REQUEST_INVALID` or `RATE_LIMITED`. */
  async issue(db: Db, site: SiteId, publicKey: KeyObject, nowMs: number): Promise<CertificateRow> {
    const spkiSha256 = keyDigest(publicKey);
    if ((await certificatesOfKey(db, spkiSha256)).length > 0) {
      throw new ComityError(
        "CERTIFICATE_REQUEST_INVALID",
        "The key of the certificate request has been used before.",
        {
          hint: "Make a new key for each certificate.",
        },
      );
    }
    if ((await countLiveCertificates(db, site, nowMs)) >= maxLive) {
      throw new ComityError("RATE_LIMITED", `${site} has asked for too many certificates.`, {
        hint: "Wait for the old ones to end; if you did not ask for them, revoke the site and invite it anew.",
      });
    }
    const issued = this.authority.issueAgent({ site, publicKey, nowMs, lifetimeMs: this.#lifetimeMs });
    const row = {
      serial: issued.serial,
      site,
      spki_sha256: spkiSha256,
      chain: issued.chain,
      not_before_ms: issued.notBeforeMs,
      not_after_ms: issued.notAfterMs,
    };
    await deleteOldCertificates(db, site, nowMs - keptMs);
    await insertCertificate(db, row);
    return { ...row, revoked_at_ms: null };
  }
}
