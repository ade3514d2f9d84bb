import { type KeyObject, randomUUID, verify, X509Certificate } from "node:crypto";
import { backdatedMs } from "#certs/certificate.js";
import { siteOfCertificate } from "#certs/identity.js";
import { parseRequest } from "#certs/request.js";
import { revokedAtMs } from "#hub/store/admission.js";
import { type CertificateRow, certificatesOfKey, findCertificate } from "#hub/store/certificates.js";
import type { Db } from "#hub/store/schema.js";
import type { Store } from "#hub/store/store.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { type Admission, type Issuing, keyDigest } from "./issuing.js";

/** How long after the end of its certificate a site that was switched off may come back by itself. */
const expiredMaxMs = 7 * 24 * 3_600_000;
/** A renewal whose reply was lost may be repeated for so long. */
const repeatMs = 10 * 60_000;
const maxPemCharacters = 8 * 1024;

/** What a site sends whose certificate has ended. */
export interface ExpiredRequest {
  readonly certificateRequest: Uint8Array;
  /** The ended leaf, PEM. */
  readonly certificate: string;
  /** ECDSA with SHA-256, DER, by the ended leaf's key over `certificateRequest`. */
  readonly signature: Uint8Array;
}

interface Parts {
  readonly store: Store;
  readonly issuing: Issuing;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a site keeps its identity. The public face is `Enrolment`. */
export class Renewal {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async renew(agent: { site: SiteId; serial: string }, certificateRequest: Uint8Array): Promise<Admission> {
    const publicKey = parseRequest(certificateRequest);
    return this.#parts.store.write(async (tx) => {
      const present = await findCertificate(tx.db, agent.serial);
      if (present?.site !== agent.site) throw this.#refuse("the certificate is not one of ours", agent);
      return this.#replace(tx.db, agent.site, present, publicKey);
    });
  }

  async renewExpired(request: ExpiredRequest): Promise<Admission> {
    const shown = this.#read(request.certificate);
    const publicKey = parseRequest(request.certificateRequest);
    return this.#parts.store.write(async (tx) => {
      const stored = await findCertificate(tx.db, shown.serialNumber);
      // The record holds the very bytes that were issued: no other check of origin is as strong.
      if (stored === undefined || !new X509Certificate(stored.chain).raw.equals(shown.raw)) {
        throw this.#refuse("the certificate is not one of ours", { serial: shown.serialNumber });
      }
      const site = siteOfCertificate(shown, this.#parts.issuing.authority.trustDomain);
      if (site !== stored.site)
        throw this.#refuse("the certificate names another site than its record", { site });
      if (!verify("sha256", request.certificateRequest, shown.publicKey, request.signature)) {
        throw this.#refuse("the request is not signed by the certificate's key", { site });
      }
      // The caller has proven who it is: from here on it may know the reason.
      const nowMs = this.#parts.clock.nowMs();
      // One that is good renews over its own connection, which checks more. Clocks may differ by as much as certificates are backdated.
      if (stored.revoked_at_ms === null && nowMs < stored.not_after_ms - backdatedMs) {
        throw new ComityError("CERTIFICATE_INVALID", `The certificate of ${site} has not ended yet.`, {
          hint: "The agent renews it by itself. Is the clock of its machine right? `comity agent doctor` compares the clocks.",
        });
      }
      if (nowMs > stored.not_after_ms + expiredMaxMs) {
        throw new ComityError(
          "CERTIFICATE_INVALID",
          `The certificate of ${site} ended more than seven days ago.`,
          {
            hint: "Ask the hub's operator for a new join token.",
          },
        );
      }
      return this.#replace(tx.db, site, stored, publicKey);
    });
  }

  async #replace(db: Db, site: SiteId, present: CertificateRow, publicKey: KeyObject): Promise<Admission> {
    const { issuing, clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    if (present.revoked_at_ms !== null || (await revokedAtMs(db, site)) !== null) throw siteRevoked(site);
    const [before] = await certificatesOfKey(db, keyDigest(publicKey));
    const { authority } = issuing;
    if (before !== undefined && before.serial !== present.serial && isRepetition(before, site, nowMs)) {
      return { site, chain: before.chain, root: authority.root };
    }
    const { chain, serial } = await issuing.issue(db, site, publicKey, nowMs);
    log.info({ site, serial, former: present.serial }, "a site has renewed its certificate");
    return { site, chain, root: authority.root };
  }

  #read(pem: string): X509Certificate {
    try {
      if (pem.length <= maxPemCharacters) return new X509Certificate(pem);
    } catch (err) {
      throw this.#refuse("the certificate cannot be read", { err });
    }
    throw this.#refuse("the certificate is too long", {});
  }

  #refuse(reason: string, detail: object): ComityError {
    const reference = randomUUID().slice(0, 8);
    this.#parts.log.warn({ ...detail, reference, reason }, "a renewal was refused");
    return new ComityError("CERTIFICATE_INVALID", `The renewal was refused (reference ${reference}).`, {
      hint: "Ask the hub's operator for a new join token; the hub's log has the reason under this reference.",
    });
  }
}

/** The error of a site that was put out. */
export const siteRevoked = (site: SiteId): ComityError =>
  new ComityError("SITE_REVOKED", `The hub has revoked ${site}.`, {
    hint: "The site's data and outbox stay as they are. Ask the hub's operator; a new join token lets the site in again.",
  });

const isRepetition = (certificate: CertificateRow, site: SiteId, nowMs: number): boolean =>
  certificate.site === site &&
  certificate.revoked_at_ms === null &&
  nowMs <= certificate.not_before_ms + backdatedMs + repeatMs;
