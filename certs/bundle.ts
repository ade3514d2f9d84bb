import { X509Certificate } from "node:crypto";
import { ComityError } from "#kernel/errors.js";
import { readIfThere, writeFileAtomic } from "#kernel/files.js";
import { keyFromPem } from "./keys.js";
import type { TlsIdentity } from "./tls.js";

/** An identity as it lies in one file, with the dates of its leaf. */
export interface Bundle extends TlsIdentity {
  /** The leaf alone, PEM. */
  readonly certificate: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Checks that key, chain and root belong together, whatever the time is. Throws `CERTIFICATE_INVALID`. */
export function checkBundle({ key, chain, root }: TlsIdentity): Bundle {
  const [leaf, ...above] = [...blocks(chain, "CERTIFICATE"), ...blocks(root, "CERTIFICATE")].map(
    readCertificate,
  );
  if (leaf === undefined || above.length === 0) throw invalid("it lacks a certificate");
  if (!leaf.checkPrivateKey(keyFromPem(key))) throw invalid("the key does not belong to the certificate");
  let below = leaf;
  for (const issuer of above) {
    if (!below.checkIssued(issuer) || !below.verify(issuer.publicKey))
      throw invalid("the certificates do not form a chain");
    below = issuer;
  }
  if (!below.verify(below.publicKey)) throw invalid("its last certificate is no root");
  const [notBeforeMs, notAfterMs] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  return { key, chain, root, certificate: leaf.toString(), notBeforeMs, notAfterMs };
}

/** Replaces the file as a whole, for its owner only: a crash leaves the old identity or the new one, never half a pair. */
export async function writeBundle(path: string, identity: TlsIdentity): Promise<Bundle> {
  const bundle = checkBundle(identity);
  await writeFileAtomic(path, bundle.key + bundle.chain + bundle.root, 0o600);
  return bundle;
}

/** Reads an identity, or undefined where there is no file. An expired one is given back too: see {@link Bundle.notAfterMs}. */
export async function readBundle(path: string): Promise<Bundle | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const certificates = blocks(text, "CERTIFICATE");
  const [key, ...others] = blocks(text, "PRIVATE KEY");
  const root = certificates.pop();
  if (key === undefined || others.length > 0 || root === undefined)
    throw invalid("it must hold one key, a chain and a root", path);
  try {
    return checkBundle({ key, chain: certificates.join(""), root });
  } catch (cause) {
    if (!(cause instanceof ComityError)) throw cause;
    throw new ComityError(cause.code, `${path}: ${cause.message}`, {
      hint: "Put the file back from a backup, or join again.",
      cause,
    });
  }
}

/** The PEM blocks with a label, each with its end of line. */
function blocks(text: string, label: string): string[] {
  return [...text.matchAll(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, "g"))].map(
    ([block]) => `${block}\n`,
  );
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid("a certificate cannot be read", undefined, cause);
  }
}

function invalid(why: string, path?: string, cause?: unknown): ComityError {
  return new ComityError(
    "CERTIFICATE_INVALID",
    `${path === undefined ? "" : `${path}: `}The identity is damaged: ${why}.`,
    { cause },
  );
}
