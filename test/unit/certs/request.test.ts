import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, it } from "mocha";
import {
  bits,
  type Der,
  decode,
  encode,
  integer,
  octets,
  oid,
  sequence,
  set,
  tagged,
  utf8,
} from "#certs/der.js";
import { newKey, spkiOf } from "#certs/keys.js";
import { oids } from "#certs/oids.js";
import { createRequest, parseRequest } from "#certs/request.js";

const extensionRequest = (...ids: string[]): Der =>
  sequence(
    oid(oids.extensionRequest),
    set(sequence(...ids.map((id) => sequence(oid(id), octets(encode(sequence())))))),
  );

/** A request as somebody else's tool would write it. */
function craft(parts: {
  key?: KeyObject;
  signer?: KeyObject;
  attributes?: Der[];
  subject?: Der;
  spki?: Buffer;
  version?: number;
}): Buffer {
  const key = parts.key ?? newKey();
  const info = sequence(
    integer(Uint8Array.of(parts.version ?? 0)),
    parts.subject ?? sequence(),
    decode(parts.spki ?? spkiOf(key)),
    tagged(0, parts.attributes ?? []),
  );
  const signature = sign("sha256", encode(info), parts.signer ?? key);
  return encode(sequence(info, sequence(oid(oids.ecdsaWithSha256)), bits(signature)));
}

const refuses = (der: Uint8Array, why: RegExp): void =>
  assert.throws(() => parseRequest(der), { code: "CERTIFICATE_REQUEST_INVALID", message: why });

describe("certs/request", () => {
  it("gives back the key that signed it", () => {
    const key = newKey();
    assert.deepEqual(spkiOf(parseRequest(createRequest(key))), spkiOf(key));
  });

  it("takes names and the usual extensions, which are ignored", () => {
    const subject = sequence(set(sequence(oid(oids.commonName), utf8("somebody else"))));
    const attributes = [extensionRequest(oids.subjectAltName, oids.keyUsage, oids.extendedKeyUsage)];
    assert.equal(parseRequest(craft({ subject, attributes })).asymmetricKeyType, "ec");
  });

  it("refuses a request that another key signed, and one that was changed", () => {
    refuses(craft({ signer: newKey() }), /not by its own key/);
    const der = createRequest(newKey());
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    refuses(der, /signature|PKCS #10/);
  });

  it("refuses other keys: RSA, other curves, Ed25519, compressed points", () => {
    const signer = newKey();
    for (const key of [
      generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey,
      generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey,
      generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey,
      generateKeyPairSync("ec", { namedCurve: "secp192k1" }).publicKey,
      generateKeyPairSync("ed25519").publicKey,
    ]) {
      refuses(craft({ signer, spki: key.export({ type: "spki", format: "der" }) }), /no P-256 key/);
    }
    const spki = spkiOf(signer);
    const point = spki.subarray(-65);
    const compressed = Buffer.concat([Uint8Array.of(2 + ((point.at(-1) ?? 0) & 1)), point.subarray(1, 33)]);
    const [algorithm] = decode(spki).value as Der[];
    assert.ok(algorithm);
    refuses(
      craft({ signer, spki: encode(sequence(algorithm, bits(compressed))) }),
      /no P-256 key|cannot be read/,
    );
  });

  it("refuses other attributes and extensions", () => {
    refuses(craft({ attributes: [extensionRequest(oids.basicConstraints)] }), /2\.5\.29\.19/);
    refuses(
      craft({ attributes: [extensionRequest(oids.keyUsage), extensionRequest(oids.keyUsage)] }),
      /more than one/,
    );
    refuses(
      craft({ attributes: [sequence(oid("1.2.840.113549.1.9.7"), set(utf8("password")))] }),
      /attribute/,
    );
    refuses(craft({ version: 1 }), /version/);
  });

  it("refuses what is no request: empty, cut, longer, nested, indefinite, too large", () => {
    const der = createRequest(newKey());
    refuses(new Uint8Array(), /no DER/);
    for (let length = 1; length < der.length; length += 7) refuses(der.subarray(0, length), /PKCS #10/);
    refuses(Buffer.concat([der, Uint8Array.of(0)]), /no DER/);
    refuses(Buffer.alloc(8000, 0x30), /no DER/);
    refuses(Buffer.from("3080" + "00".repeat(2), "hex"), /no DER/);
    refuses(Buffer.alloc(8193), /8193 bytes/);
    refuses(Buffer.from("-----BEGIN CERTIFICATE REQUEST-----"), /no DER/);
  });

  it("never throws anything else, whichever byte is changed", () => {
    const der = createRequest(newKey());
    for (let index = 0; index < der.length; index++) {
      const broken = Buffer.from(der);
      broken[index] = (der[index] ?? 0) ^ 0x21;
      refuses(broken, /./);
    }
  });
});
