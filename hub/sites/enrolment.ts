import { type KeyObject, randomUUID } from "node:crypto";
import type { Authority } from "#certs/authority.js";
import { joinTokenTtl, signJoinToken, verifyJoinToken } from "#certs/join-token.js";
import { publicKeyOf } from "#certs/keys.js";
import { parseRequest } from "#certs/request.js";
import {
  admitSite,
  consumeInvitation,
  findInvitation,
  type InvitationRow,
  insertInvitation,
  revokeSite,
  saveInvitedSite,
} from "#hub/store/admission.js";
import { type CertificateRow, findCertificate, revokeCertificates } from "#hub/store/certificates.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { Sha256, SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { printable } from "#kernel/words.js";
import { type Admission, Issuing, keyDigest } from "./issuing.js";
import { type ExpiredRequest, Renewal } from "./renewal.js";
import type { Revocations } from "./revocations.js";

/** A call whose reply was lost may be repeated for so long, even if the token has ended meanwhile. */
const repeatMs = 10 * 60_000;

/** An open invitation, as the answer to the call that made it is stored: all that its token says, but no token. */
interface Invitation {
  readonly jti: string;
  readonly site: SiteId;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

interface EnrolmentParts {
  readonly store: Store;
  readonly authority: Authority;
  /** The hub's private key for tokens (P-256). */
  readonly tokenKey: KeyObject;
  readonly revocations: Revocations;
  /** Where agents find the control port (`host:port`), the best first; asked each time, for a port may be known late. */
  readonly hubAddresses: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** How long an agent's certificate lives; 24 hours without it. */
  readonly certificateLifetimeMs?: number;
}

/** How sites come in, stay in and are put out. Each change is one transaction. */
export class Enrolment {
  readonly #parts: EnrolmentParts;
  readonly #publicKey: KeyObject;
  readonly #issuing: Issuing;
  readonly #renewal: Renewal;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
    this.#publicKey = publicKeyOf(parts.tokenKey);
    this.#issuing = new Issuing(parts.authority, parts.certificateLifetimeMs);
    this.#renewal = new Renewal({ ...parts, issuing: this.#issuing });
  }

  /** Invites a site, new or known; `ttlSeconds` 0: one hour. The token comes from {@link tokenOf}. */
  async invite(
    tx: Tx,
    wish: { site: SiteId; labels: Readonly<Record<string, string>>; ttlSeconds: number; invitedBy: string },
  ): Promise<Invitation> {
    const { site, invitedBy } = wish;
    const ttlSeconds = wish.ttlSeconds === 0 ? joinTokenTtl.defaultSeconds : wish.ttlSeconds;
    if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > joinTokenTtl.maxSeconds) {
      throw new ComityError(
        "ARGUMENT_INVALID",
        `A join token lives from 1 to ${joinTokenTtl.maxSeconds} seconds.`,
      );
    }
    // A token counts in whole seconds.
    const createdAtMs = Math.floor(this.#parts.clock.nowMs() / 1000) * 1000;
    const invitation = { jti: randomUUID(), site, createdAtMs, expiresAtMs: createdAtMs + ttlSeconds * 1000 };
    await saveInvitedSite(tx.db, site, wish.labels, createdAtMs);
    await insertInvitation(tx.db, {
      jti: invitation.jti,
      site,
      invited_by: invitedBy,
      created_at_ms: createdAtMs,
      expires_at_ms: invitation.expiresAtMs,
    });
    tx.afterCommit(() =>
      this.#parts.log.info({ site, invitedBy, jti: invitation.jti, ttlSeconds }, "a site was invited"),
    );
    return invitation;
  }

  /** The join token of an invitation. It is kept nowhere: asked again, the same claims are signed again. */
  async tokenOf(invitation: Invitation): Promise<string> {
    const { authority, tokenKey } = this.#parts;
    const { token } = await signJoinToken({
      key: tokenKey,
      issuer: authority.trustDomain,
      jti: invitation.jti,
      site: invitation.site,
      hub: this.#parts.hubAddresses(),
      ca: [authority.rootPin],
      nowMs: invitation.createdAtMs,
      ttlSeconds: (invitation.expiresAtMs - invitation.createdAtMs) / 1000,
    });
    return token;
  }

  /**
   * The certificate for a token and a key. The same token with the same key gives the same certificate again. Throws
   * `TOKEN_INVALID` (the same for every reason; the log has it under the reference), `TOKEN_USED` for a second key,
   * `CERTIFICATE_REQUEST_INVALID`; then nothing is spent.
   */
  async join(request: {
    token: string;
    certificateRequest: Uint8Array;
    agentVersion: string;
  }): Promise<Admission> {
    const { store, authority, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const claims = await verifyJoinToken({
      token: request.token,
      key: this.#publicKey,
      issuer: authority.trustDomain,
      nowMs,
      graceMs: repeatMs,
    }).catch((error: unknown) => {
      throw this.#refuse("the token cannot be verified", { err: error });
    });
    const publicKey = parseRequest(request.certificateRequest);
    const certificate = await store.write(async (tx) => {
      const invitation = await findInvitation(tx.db, claims.jti);
      if (invitation?.site !== claims.site)
        throw this.#refuse("the invitation is unknown", { jti: claims.jti });
      if (invitation.spki_sha256 !== null) return this.#repeat(tx, invitation, keyDigest(publicKey), nowMs);
      if (nowMs >= invitation.expires_at_ms)
        throw this.#refuse("the invitation has ended", { jti: claims.jti, site: claims.site });
      return this.#admit(tx, invitation, claims.site, publicKey, request.agentVersion, nowMs);
    });
    return { site: claims.site, chain: certificate.chain, root: authority.root };
  }

  /** A certificate for a new key of a site that is connected. Throws `SITE_REVOKED` or `CERTIFICATE_REQUEST_INVALID`. */
  async renew(agent: { site: SiteId; serial: string }, certificateRequest: Uint8Array): Promise<Admission> {
    return this.#renewal.renew(agent, certificateRequest);
  }

  /**
   * A certificate for a new key of a site whose old certificate has ended at most seven days ago, proven by the old key.
   * Throws `CERTIFICATE_INVALID`, `SITE_REVOKED` or `CERTIFICATE_REQUEST_INVALID`.
   */
  async renewExpired(request: ExpiredRequest): Promise<Admission> {
    return this.#renewal.renewExpired(request);
  }

  /** Refuses a site, its certificates and its open invitations from now on. A new invitation lets it in again. */
  async revoke(tx: Tx, site: SiteId, reason: string): Promise<void> {
    const { clock, revocations, log } = this.#parts;
    const nowMs = clock.nowMs();
    await revokeSite(tx.db, site, reason, nowMs);
    const serials = await revokeCertificates(tx.db, site, nowMs);
    tx.afterCommit(() => {
      revocations.add(site, serials);
      log.warn({ site, reason, certificates: serials.length }, "a site was revoked");
    });
  }

  async #admit(
    tx: Tx,
    invitation: InvitationRow,
    site: SiteId,
    publicKey: KeyObject,
    agentVersion: string,
    nowMs: number,
  ): Promise<CertificateRow> {
    const { revocations, log } = this.#parts;
    const certificate = await this.#issuing.issue(tx.db, site, publicKey, nowMs);
    const { serial, spki_sha256 } = certificate;
    await consumeInvitation(tx.db, invitation.jti, { spki_sha256, serial, consumed_at_ms: nowMs });
    await admitSite(tx.db, site, printable(agentVersion, 64));
    tx.afterCommit(() => {
      revocations.readmit(site);
      log.info({ site, serial, jti: invitation.jti, invitedBy: invitation.invited_by }, "a site has joined");
    });
    return certificate;
  }

  /** A token that somebody has used already. */
  async #repeat(
    tx: Tx,
    invitation: InvitationRow,
    spkiSha256: Sha256,
    nowMs: number,
  ): Promise<CertificateRow> {
    const { jti, site } = invitation;
    if (invitation.spki_sha256 !== spkiSha256) {
      this.#parts.log.warn(
        { jti, site, spkiSha256 },
        "a join token came again with another key: it may have been stolen",
      );
      throw new ComityError("TOKEN_USED", `The join token for ${site} has been used with another key.`, {
        hint: "If that was not you, tell the hub's operator: the site must be revoked. Else ask for a new token.",
      });
    }
    const endMs = Math.max(invitation.expires_at_ms, (invitation.consumed_at_ms ?? 0) + repeatMs);
    const certificate = await findCertificate(tx.db, invitation.serial ?? "");
    if (nowMs > endMs || certificate === undefined || certificate.revoked_at_ms !== null) {
      throw this.#refuse("the repetition came too late, or the certificate is revoked", { jti, site });
    }
    return certificate;
  }

  /** Says the same to every caller, so that nobody can feel his way; the reason goes to the log. */
  #refuse(reason: string, detail: object): ComityError {
    const reference = randomUUID().slice(0, 8);
    this.#parts.log.warn({ ...detail, reference, reason }, "a join token was refused");
    return new ComityError("TOKEN_INVALID", `The join token was refused (reference ${reference}).`, {
      hint: "Ask the hub's operator for a new token; the hub's log has the reason under this reference.",
    });
  }
}
