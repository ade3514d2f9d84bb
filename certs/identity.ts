import { ComityError } from "#kernel/errors.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import { contentOf, type Der, decode, isTagged, partsOf, rawContentOf, tag } from "./der.js";
import { oids } from "./oids.js";
import { fieldsOf } from "./x509.js";

/** The name of a site in its certificate (a SPIFFE ID). */
export function uriOfSite(trustDomain: string, site: SiteId): string {
  const [organisation = "", name = ""] = site.split("/");
  return `spiffe://${trustDomain}/organisation/${organisation}/site/${name}`;
}

/** A certificate as DER, or as node:tls or node:crypto hold it. */
type CertificateLike = Uint8Array | { readonly raw: Uint8Array };

/**
 * The site that an agent's certificate names: no authority, exactly one name, a URI of our form and trust domain.
 * Reads the DER, for the printed form of a hostile name can look like another one (CVE-2021-44532). Says nothing of who
 * signed it: that is for TLS. Throws `CERTIFICATE_INVALID`.
 */
export function siteOfCertificate(certificate: CertificateLike, trustDomain: string): SiteId {
  const { authority, names } = read(certificate instanceof Uint8Array ? certificate : certificate.raw);
  if (authority) throw invalid("it is an authority's");
  const [name, ...others] = names;
  if (name === undefined || others.length > 0 || !isTagged(name, 6))
    throw invalid("it must have exactly one name, a URI");
  const uri = rawContentOf(name).toString("latin1");
  const match = /^spiffe:\/\/([a-z0-9.-]+)\/organisation\/([a-z0-9-]+)\/site\/([a-z0-9-]+)$/.exec(uri);
  if (match?.[1] !== trustDomain) throw invalid("its URI does not name a site of this hub");
  try {
    return parseSiteId(`${match[2] ?? ""}/${match[3] ?? ""}`);
  } catch (cause) {
    throw invalid("its URI does not name a site", cause);
  }
}

function read(der: Uint8Array): { authority: boolean; names: Der[] } {
  try {
    const { extensions } = fieldsOf(decode(der));
    const names = extensions.get(oids.subjectAltName);
    const constraints = extensions.get(oids.basicConstraints);
    const usage = extensions.get(oids.keyUsage);
    // A leaf's basicConstraints is empty; keyCertSign is bit 5 of keyUsage.
    const signs = usage !== undefined && ((contentOf(usage, tag.bitString)[1] ?? 0) & 0x04) !== 0;
    const authority = signs || (constraints !== undefined && partsOf(constraints).length > 0);
    return { authority, names: names === undefined ? [] : partsOf(names) };
  } catch (cause) {
    throw invalid("it cannot be read", cause);
  }
}

function invalid(why: string, cause?: unknown): ComityError {
  return new ComityError("CERTIFICATE_INVALID", `The certificate is refused: ${why}.`, { cause });
}
