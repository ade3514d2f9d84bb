import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, it } from "mocha";
import { Authority, createAuthority, createIssuing } from "#certs/authority.js";
import { isP256, newKey, pinOf, publicKeyOf } from "#certs/keys.js";
import { parseSiteId } from "#kernel/ids.js";
import { TestAuthority } from "../../support/tls.js";

const nowMs = Date.UTC(2026, 5, 1, 12);
const site = parseSiteId("acme/berlin");

describe("certs/authority", () => {
  const { authority, material } = new TestAuthority("test.example", nowMs);
  const root = new X509Certificate(material.root);
  const issuing = new X509Certificate(material.issuing);

  it("makes a root and an issuing authority under it", () => {
    assert.ok(root.ca && issuing.ca);
    assert.ok(root.verify(root.publicKey) && issuing.checkIssued(root) && issuing.verify(root.publicKey));
    assert.equal(Math.round((Date.parse(root.validTo) - nowMs) / 86_400_000), 3650);
    assert.equal(Math.round((Date.parse(issuing.validTo) - nowMs) / 86_400_000), 365);
    assert.equal(authority.rootPin, pinOf(root.publicKey));
    assert.ok(isP256(root.publicKey) && isP256(issuing.publicKey));
  });

  it("issues an agent's certificate: one URI, client only, 24 hours, backdated five minutes", () => {
    const key = newKey();
    const issued = authority.issueAgent({ site, publicKey: publicKeyOf(key), nowMs });
    const leaf = new X509Certificate(issued.certificate);
    assert.equal(leaf.subjectAltName, "URI:spiffe://test.example/organisation/acme/site/berlin");
    // On Node this property holds the extended key usages.
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    assert.equal(leaf.ca, false);
    assert.equal(Date.parse(leaf.validFrom), nowMs - 300_000);
    assert.equal(Date.parse(leaf.validTo), nowMs + 86_400_000);
    assert.equal(issued.notAfterMs, Date.parse(leaf.validTo));
    assert.equal(leaf.serialNumber, issued.serial);
    assert.ok(leaf.checkPrivateKey(key) && leaf.checkIssued(issuing) && authority.hasIssued(leaf));
    assert.equal(issued.chain, issued.certificate + material.issuing);
  });

  it("issues a hub's certificate: server only, 30 days, names and addresses", () => {
    const issued = authority.issueHub({
      names: ["Hub.Example", "10.0.0.7", "fe80::1:2"],
      publicKey: newKey(),
      nowMs,
    });
    const leaf = new X509Certificate(issued.certificate);
    assert.equal(leaf.subjectAltName, "DNS:hub.example, IP Address:10.0.0.7, IP Address:FE80:0:0:0:0:0:1:2");
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    assert.equal(Date.parse(leaf.validTo), nowMs + 30 * 86_400_000);
    assert.ok(leaf.checkHost("hub.example") !== undefined && leaf.checkIP("fe80::1:2") !== undefined);
  });

  it("gives every certificate a serial of its own", () => {
    const serials = Array.from(
      { length: 50 },
      () => authority.issueAgent({ site, publicKey: newKey(), nowMs }).serial,
    );
    assert.equal(new Set(serials).size, 50);
    assert.ok(serials.every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial)));
  });

  it("issues nothing that outlives the issuing authority, and nothing after its end", () => {
    const late = nowMs + 364.5 * 86_400_000;
    assert.equal(
      authority.issueAgent({ site, publicKey: newKey(), nowMs: late }).notAfterMs,
      authority.notAfterMs,
    );
    const dead = nowMs + 366 * 86_400_000;
    assert.throws(() => authority.issueAgent({ site, publicKey: newKey(), nowMs: dead }), {
      code: "CERTIFICATE_INVALID",
    });
  });

  it("backdates a short life less, so that its half still lies ahead", () => {
    const lifetimeMs = 60_000;
    const { notBeforeMs, notAfterMs } = authority.issueAgent({
      site,
      publicKey: newKey(),
      nowMs,
      lifetimeMs,
    });
    assert.deepEqual([notBeforeMs, notAfterMs], [nowMs - 6000, nowMs + 60_000]);
  });

  it("renews the issuing authority under the same root", () => {
    const later = nowMs + 300 * 86_400_000;
    const next = new Authority({ ...material, ...createIssuing({ ...material, nowMs: later }) });
    const leaf = new X509Certificate(
      next.issueAgent({ site, publicKey: newKey(), nowMs: later }).certificate,
    );
    assert.ok(next.hasIssued(leaf) && !authority.hasIssued(leaf));
    assert.equal(next.rootPin, authority.rootPin);
  });

  it("writes years from 2050 on as OpenSSL reads them", () => {
    const future = createAuthority({ trustDomain: "test.example", nowMs: Date.UTC(2045, 0, 1) });
    assert.equal(new Date(new X509Certificate(future.root).validTo).getUTCFullYear(), 2054);
  });

  it("does not take parts that do not belong together, nor bad names", () => {
    const other = new TestAuthority("test.example", nowMs).material;
    assert.throws(() => new Authority({ ...material, issuingKey: other.issuingKey }), {
      code: "CERTIFICATE_INVALID",
    });
    assert.throws(() => new Authority({ ...material, root: other.root }), { code: "CERTIFICATE_INVALID" });
    assert.throws(() => createIssuing({ ...material, rootKey: other.rootKey, nowMs }), {
      code: "CERTIFICATE_INVALID",
    });
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    });
    assert.throws(() => new Authority({ ...material, issuingKey: rsa.toString() }), {
      code: "CERTIFICATE_INVALID",
    });
    for (const trustDomain of ["", "Upper.example", "a..b", "-a", "a/b", "x".repeat(64)]) {
      assert.throws(() => createAuthority({ trustDomain, nowMs }), { code: "CONFIG_INVALID" }, trustDomain);
    }
    for (const name of ["", "a b", "a,b", "http://a", "x\0y", "*.example"]) {
      assert.throws(
        () => authority.issueHub({ names: [name], publicKey: newKey(), nowMs }),
        { code: "CONFIG_INVALID" },
        name,
      );
    }
  });
});
