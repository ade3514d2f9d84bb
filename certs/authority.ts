import { type KeyObject, X509Certificate } from "node:crypto";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import {
  authorityExtensions,
  backdatedMs,
  hostName,
  type Issued,
  leafExtensions,
  nameOf,
  signCertificate,
  uriName,
} from "./certificate.js";
import { type Der, decode } from "./der.js";
import { uriOfSite } from "./identity.js";
import { keyFromPem, keyToPem, newKey, pinOf } from "./keys.js";
import { oids } from "./oids.js";
import { fieldsOf } from "./x509.js";

const dayMs = 24 * 3_600_000;
const rootLifetimeMs = 3650 * dayMs;
const issuingLifetimeMs = 365 * dayMs;
const hubLifetimeMs = 30 * dayMs;

/** How long an agent's certificate lives; it is renewed at half of it. */
export const agentLifetimeMs = dayMs;

/** What makes an authority: PEM texts, to be kept in files for their owner only. The root key may be kept elsewhere. */
export interface AuthorityMaterial {
  /** The host of every site's URI, for example `comity.example`. */
  readonly trustDomain: string;
  readonly root: string;
  readonly issuing: string;
  readonly issuingKey: string;
}

/** A certificate with all that a TLS server or client must send. */
interface IssuedLeaf extends Issued {
  /** Leaf first, then the issuing authority, PEM. */
  readonly chain: string;
}

/** A new root (10 years) with its issuing authority (1 year). Throws `CONFIG_INVALID` for a bad trust domain. */
export function createAuthority(options: {
  trustDomain: string;
  nowMs: number;
}): AuthorityMaterial & { readonly rootKey: string } {
  const { trustDomain, nowMs } = options;
  if (
    !/^(?=.{1,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(trustDomain)
  ) {
    throw new ComityError(
      "CONFIG_INVALID",
      `${JSON.stringify(trustDomain.slice(0, 80))} is no trust domain.`,
      {
        hint: "Use a name such as `comity.example`: lower-case letters, digits, `-` and `.`, at most 63 characters.",
      },
    );
  }
  const key = newKey();
  const subject = { organisation: trustDomain, name: "Comity root" };
  const root = signCertificate({
    subject,
    publicKey: key,
    notBeforeMs: nowMs - backdatedMs,
    notAfterMs: nowMs + rootLifetimeMs,
    extensions: authorityExtensions(1, trustDomain),
    issuer: { subject: nameOf(subject), key, publicKey: key },
  }).certificate;
  const rootKey = keyToPem(key);
  return { trustDomain, root, rootKey, ...createIssuing({ trustDomain, root, rootKey, nowMs }) };
}

/** A new issuing authority under a root: with the first one, and then every year. */
export function createIssuing(options: {
  trustDomain: string;
  root: string;
  rootKey: string;
  nowMs: number;
}): Pick<AuthorityMaterial, "issuing" | "issuingKey"> {
  const { trustDomain, nowMs } = options;
  const root = new X509Certificate(options.root);
  const rootKey = keyFromPem(options.rootKey);
  if (!root.checkPrivateKey(rootKey))
    throw new ComityError("CERTIFICATE_INVALID", "The root key does not belong to the root certificate.");
  const key = newKey();
  const issued = signCertificate({
    subject: { organisation: trustDomain, name: "Comity issuing authority" },
    publicKey: key,
    notBeforeMs: nowMs - backdatedMs,
    notAfterMs: Math.min(nowMs + issuingLifetimeMs, Date.parse(root.validTo)),
    extensions: authorityExtensions(0, trustDomain),
    issuer: { subject: subjectOf(root), key: rootKey, publicKey: root.publicKey },
  });
  return { issuing: issued.certificate, issuingKey: keyToPem(key) };
}

/** Issues certificates. The names in them come from the caller, never from a request. */
export class Authority {
  readonly trustDomain: string;
  /** PEM. */
  readonly root: string;
  /** `sha256:…` of the root's key: what a join token carries. */
  readonly rootPin: string;
  readonly #issuing: X509Certificate;
  readonly #issuingPem: string;
  readonly #key: KeyObject;
  readonly #subject: Der;

  /** Throws `CERTIFICATE_INVALID` when the parts do not belong together. */
  constructor(material: AuthorityMaterial) {
    this.trustDomain = material.trustDomain;
    this.root = material.root;
    this.#issuingPem = material.issuing;
    this.#issuing = new X509Certificate(material.issuing);
    this.#key = keyFromPem(material.issuingKey);
    this.#subject = subjectOf(this.#issuing);
    const root = new X509Certificate(material.root);
    this.rootPin = pinOf(root.publicKey);
    if (!this.#issuing.checkPrivateKey(this.#key) || !this.#issuing.verify(root.publicKey)) {
      throw new ComityError(
        "CERTIFICATE_INVALID",
        "The authority's root, issuing certificate and key do not belong together.",
      );
    }
  }

  /** When the issuing authority ends; no certificate outlives it. */
  get notAfterMs(): number {
    return Date.parse(this.#issuing.validTo);
  }

  /** A certificate for a site's agent: client of TLS only, one URI. */
  issueAgent(options: {
    site: SiteId;
    publicKey: KeyObject;
    nowMs: number;
    lifetimeMs?: number;
  }): IssuedLeaf {
    const [organisation = "", name = ""] = options.site.split("/");
    const uri = uriOfSite(this.trustDomain, options.site);
    const extensions = leafExtensions(oids.clientAuth, [uriName(uri)]);
    return this.#issue({
      lifetimeMs: agentLifetimeMs,
      ...options,
      subject: { organisation, name },
      extensions,
    });
  }

  /** A certificate for the hub: server of TLS only, under its DNS names and IP addresses. Throws `CONFIG_INVALID` for a bad name. */
  issueHub(options: {
    names: readonly string[];
    publicKey: KeyObject;
    nowMs: number;
    lifetimeMs?: number;
  }): IssuedLeaf {
    if (options.names.length === 0) throw new ComityError("CONFIG_INVALID", "A hub needs at least one name.");
    const extensions = leafExtensions(oids.serverAuth, options.names.map(hostName));
    const subject = { organisation: this.trustDomain, name: "Comity hub" };
    return this.#issue({ lifetimeMs: hubLifetimeMs, ...options, subject, extensions });
  }

  /** Whether this authority's key signed a certificate. Says nothing of dates or revocation. */
  hasIssued(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.#issuing) && certificate.verify(this.#issuing.publicKey);
  }

  /** Leaf and issuing authority, PEM, for a leaf that was issued before. */
  chainOf(certificate: string): string {
    return certificate + this.#issuingPem;
  }

  #issue(options: {
    subject: { organisation: string; name: string };
    publicKey: KeyObject;
    nowMs: number;
    lifetimeMs: number;
    extensions: Der[];
  }): IssuedLeaf {
    if (options.nowMs >= this.notAfterMs) {
      throw new ComityError("CERTIFICATE_INVALID", "The hub's issuing authority has expired.", {
        hint: "Renew it with the root key.",
      });
    }
    const notAfterMs = Math.min(options.nowMs + options.lifetimeMs, this.notAfterMs);
    const issued = signCertificate({
      subject: options.subject,
      publicKey: options.publicKey,
      // A short life is backdated less, so that half of it still lies ahead.
      notBeforeMs: options.nowMs - Math.min(backdatedMs, (notAfterMs - options.nowMs) / 10),
      notAfterMs,
      extensions: options.extensions,
      issuer: { subject: this.#subject, key: this.#key, publicKey: this.#issuing.publicKey },
    });
    return { ...issued, chain: this.chainOf(issued.certificate) };
  }
}

const subjectOf = (certificate: X509Certificate): Der => fieldsOf(decode(certificate.raw)).subject;
