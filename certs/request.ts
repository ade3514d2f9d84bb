import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { ComityError } from "#kernel/errors.js";
import {
  bits,
  bitsOf,
  contentOf,
  type Der,
  decode,
  encode,
  integer,
  oid,
  oidOf,
  partsOf,
  sequence,
  tag,
  tagged,
  taggedPartsOf,
} from "./der.js";
import { isP256, spkiOf } from "./keys.js";
import { oids } from "./oids.js";

/** Bytes of a request. */
const maxBytes = 8 * 1024;
/** What others' tools put into a request. All of it is ignored; anything else is refused. */
const allowedExtensions: ReadonlySet<string> = new Set([
  oids.subjectAltName,
  oids.extendedKeyUsage,
  oids.keyUsage,
]);

/**
 * How the SubjectPublicKeyInfo of a P-256 key begins: named curve, uncompressed point. Compressed points and spelled-out
 * parameters would give one key several encodings, and so several digests.
 */
const usualStart = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");

/** A certificate request (PKCS #10, RFC 2986) for a private key, DER. It has no names: the hub assigns them. */
export function createRequest(key: KeyObject): Buffer {
  const info = sequence(integer(Uint8Array.of(0)), sequence(), decode(spkiOf(key)), tagged(0, []));
  const signature = sign("sha256", encode(info), key);
  return encode(sequence(info, sequence(oid(oids.ecdsaWithSha256)), bits(signature)));
}

/**
 * The public key of a request from outside: at most 8 KiB, DER, P-256, signed by its own key, no attribute but a request
 * for the usual extensions. Throws `CERTIFICATE_REQUEST_INVALID`.
 */
export function parseRequest(der: Uint8Array): KeyObject {
  if (der.length > maxBytes) throw refused(`it has ${der.length} bytes, ${maxBytes} are allowed`);
  try {
    const [info, algorithm, signature, ...more] = partsOf(decode(der));
    const [version, subject, spki, attributes, ...rest] = partsOf(info);
    if (
      info === undefined ||
      spki === undefined ||
      attributes === undefined ||
      more.length + rest.length > 0
    ) {
      throw refused("it has not the parts of a PKCS #10 request");
    }
    if (!contentOf(version, tag.integer).equals(Uint8Array.of(0))) throw refused("its version is not 0");
    partsOf(subject);
    checkAttributes(attributes);
    const key = readKey(encode(spki));
    const [name, ...parameters] = partsOf(algorithm);
    if (oidOf(name) !== oids.ecdsaWithSha256 || parameters.length > 0)
      throw refused("it is not signed with ECDSA and SHA-256");
    if (!verify("sha256", encode(info), key, bitsOf(signature)))
      throw refused("its signature is not by its own key");
    return key;
  } catch (cause) {
    if (cause instanceof ComityError) throw cause;
    throw refused("it is no DER of a PKCS #10 request", cause);
  }
}

function readKey(spki: Buffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch (cause) {
    throw refused("its public key cannot be read", cause);
  }
  if (!isP256(key) || !spki.subarray(0, usualStart.length).equals(usualStart))
    throw refused("its key is no P-256 key in the usual form");
  return key;
}

function checkAttributes(node: Der): void {
  const attributes = taggedPartsOf(node, 0).map((attribute) => partsOf(attribute));
  if (attributes.length > 1) throw refused("it has more than one attribute");
  for (const [name, values, ...more] of attributes) {
    if (oidOf(name) !== oids.extensionRequest || more.length > 0)
      throw refused("it has an attribute that is not allowed");
    const [extensions, ...others] = partsOf(values, tag.set);
    if (others.length > 0) throw refused("it has more than one list of extensions");
    for (const extension of partsOf(extensions)) {
      const [id] = partsOf(extension);
      if (!allowedExtensions.has(oidOf(id)))
        throw refused(`it asks for the extension ${oidOf(id)}, which is not allowed`);
    }
  }
}

function refused(why: string, cause?: unknown): ComityError {
  return new ComityError("CERTIFICATE_REQUEST_INVALID", `The certificate request is refused: ${why}.`, {
    hint: "Send a PKCS #10 request in DER for a new P-256 key.",
    cause,
  });
}
