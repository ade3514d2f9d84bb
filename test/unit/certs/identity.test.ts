import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "mocha";
import { extension, leafExtensions, nameOf, signCertificate, uriName } from "#certs/certificate.js";
import { bits, type Der, sequence, tagged } from "#certs/der.js";
import { siteOfCertificate, uriOfSite } from "#certs/identity.js";
import { newKey } from "#certs/keys.js";
import { oids } from "#certs/oids.js";
import { parseSiteId } from "#kernel/ids.js";
import { TestAuthority } from "../../support/tls.js";

const good = "spiffe://test.example/organisation/acme/site/berlin";
const dns = (text: string): Der => tagged(2, Buffer.from(text, "latin1"));

function certificate(extensions: Der[]): X509Certificate {
  const key = newKey();
  const subject = { organisation: "o", name: "n" };
  const issuer = { subject: nameOf(subject), key, publicKey: key };
  const signed = signCertificate({
    subject,
    publicKey: key,
    notBeforeMs: 0,
    notAfterMs: 1e12,
    extensions,
    issuer,
  });
  return new X509Certificate(signed.certificate);
}

const named = (...names: Der[]): X509Certificate => certificate(leafExtensions(oids.clientAuth, names));
const refuses = (value: Parameters<typeof siteOfCertificate>[0], why: RegExp): void =>
  assert.throws(() => siteOfCertificate(value, "test.example"), {
    code: "CERTIFICATE_INVALID",
    message: why,
  });

describe("certs/identity", () => {
  it("reads the site from the one URI", () => {
    assert.equal(siteOfCertificate(named(uriName(good)), "test.example"), "acme/berlin");
    assert.equal(siteOfCertificate(named(uriName(good)).raw, "test.example"), "acme/berlin");
    assert.equal(uriOfSite("test.example", parseSiteId("acme/berlin")), good);
  });

  it("refuses no name, two URIs, and a second name of another kind", () => {
    refuses(named(), /exactly one name/);
    refuses(certificate([]), /exactly one name/);
    refuses(named(uriName(good), uriName(good.replace("berlin", "paris"))), /exactly one name/);
    refuses(named(uriName(good), dns("hub.example")), /exactly one name/);
    refuses(named(dns("hub.example")), /exactly one name/);
  });

  it("is not taken in by a name that prints like a URI of ours", () => {
    refuses(named(dns(`x.example, URI:${good}`)), /exactly one name/);
    refuses(
      named(uriName(`${good}, URI:spiffe://test.example/organisation/b/site/c`)),
      /does not name a site/,
    );
  });

  it("refuses other URIs", () => {
    for (const uri of [
      "spiffe://other.example/organisation/acme/site/berlin",
      "spiffe://test.example",
      "spiffe://test.example/organisation/acme",
      `${good}/agent/1`,
      `${good}\n`,
      `${good}\0`,
      good.replace("acme", "Acme"),
      good.replace("acme", "-acme"),
      good.replace("acme", "%61cme"),
      good.replace("acme", ".."),
      good.replace("spiffe", "https"),
      good.replace("spiffe", "SPIFFE"),
      `${good}?x=1`,
      "",
    ]) {
      refuses(named(uriName(uri)), /does not name a site/);
    }
  });

  it("refuses an authority, a key that may sign certificates, and what is no certificate", () => {
    const { material } = new TestAuthority();
    refuses(new X509Certificate(material.issuing), /authority/);
    const keyCertSign = extension(oids.keyUsage, bits(Uint8Array.of(0x04), 2), true);
    const names = extension(oids.subjectAltName, sequence(uriName(good)));
    refuses(certificate([keyCertSign, names]), /authority/);
    refuses(certificate([names, names]), /cannot be read/);
    refuses(certificate([extension(oids.subjectAltName, uriName(good))]), /cannot be read/);
    refuses(new Uint8Array(), /cannot be read/);
    refuses(Buffer.alloc(100, 0x30), /cannot be read/);
  });
});
