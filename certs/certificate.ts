import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP, isIPv6 } from "node:net";
import { ComityError } from "#kernel/errors.js";
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
  time,
  utf8,
  yes,
} from "./der.js";
import { spkiOf } from "./keys.js";
import { oids } from "./oids.js";

/** Clocks differ: a certificate is valid a little before it was made, as Kubernetes does. */
export const backdatedMs = 5 * 60_000;

/** What a certificate shall say. */
interface CertificateSpec {
  /** Organisation and common name, for people only. */
  readonly subject: { readonly organisation: string; readonly name: string };
  readonly publicKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly extensions: readonly Der[];
  readonly issuer: { readonly subject: Der; readonly key: KeyObject; readonly publicKey: KeyObject };
}

/** A certificate as it was issued. */
export interface Issued {
  /** PEM of the certificate alone. */
  readonly certificate: string;
  /** Upper-case hexadecimal, as `X509Certificate.serialNumber` gives it. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Writes and signs an X.509 v3 certificate (RFC 5280) with ECDSA P-256 and SHA-256. Times are cut to whole seconds. */
export function signCertificate(spec: CertificateSpec): Issued {
  const serial = randomBytes(16);
  // Positive, and of the same length every time.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const notBeforeMs = Math.floor(spec.notBeforeMs / 1000) * 1000;
  const notAfterMs = Math.floor(spec.notAfterMs / 1000) * 1000;
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const body = sequence(
    tagged(0, [integer(Uint8Array.of(2))]),
    integer(serial),
    algorithm,
    spec.issuer.subject,
    sequence(time(notBeforeMs), time(notAfterMs)),
    nameOf(spec.subject),
    decode(spkiOf(spec.publicKey)),
    tagged(3, [
      sequence(
        ...spec.extensions,
        extension(oids.subjectKeyIdentifier, octets(keyId(spec.publicKey))),
        extension(oids.authorityKeyIdentifier, sequence(tagged(0, keyId(spec.issuer.publicKey)))),
      ),
    ]),
  );
  const signature = sign("sha256", encode(body), spec.issuer.key);
  const certificate = toPem(encode(sequence(body, algorithm, bits(signature))));
  return { certificate, serial: serial.toString("hex").toUpperCase(), notBeforeMs, notAfterMs };
}

export const nameOf = ({ organisation, name }: CertificateSpec["subject"]): Der =>
  sequence(
    set(sequence(oid(oids.organization), utf8(organisation))),
    set(sequence(oid(oids.commonName), utf8(name))),
  );

export const extension = (id: string, value: Der, critical = false): Der =>
  sequence(oid(id), ...(critical ? [yes()] : []), octets(encode(value)));

/** For an authority below which there may be `pathLength` others. */
export const authorityExtensions = (pathLength: number, trustDomain: string): Der[] => [
  extension(oids.basicConstraints, sequence(yes(), integer(Uint8Array.of(pathLength))), true),
  // keyCertSign and cRLSign.
  extension(oids.keyUsage, bits(Uint8Array.of(0x06), 1), true),
  // A URI below must have our trust domain as its host. DNS names and addresses stay free: they are the hub's.
  extension(oids.nameConstraints, sequence(tagged(0, [sequence(tagged(6, Buffer.from(trustDomain)))])), true),
];

/** For a certificate that ends a chain: one purpose, and the names that it may be used under. */
export const leafExtensions = (purpose: string, names: Der[]): Der[] => [
  extension(oids.basicConstraints, sequence(), true),
  // digitalSignature.
  extension(oids.keyUsage, bits(Uint8Array.of(0x80), 7), true),
  extension(oids.extendedKeyUsage, sequence(oid(purpose))),
  extension(oids.subjectAltName, sequence(...names)),
];

export const uriName = (uri: string): Der => tagged(6, Buffer.from(uri));

/** A DNS name or an IP address as a SubjectAltName; throws `CONFIG_INVALID`. */
export function hostName(name: string): Der {
  if (isIP(name) !== 0) return tagged(7, addressBytes(name));
  if (
    !/^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(
      name,
    )
  ) {
    throw new ComityError(
      "CONFIG_INVALID",
      `${JSON.stringify(name.slice(0, 80))} is neither a DNS name nor an IP address.`,
    );
  }
  return tagged(2, Buffer.from(name.toLowerCase()));
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  // The WHATWG parser writes the shortest form, with an IPv4 tail as two groups.
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [head, tail] = [groups(left), groups(right ?? "")];
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The first 160 bits of the SHA-256 of the public key (RFC 7093, method 4). */
const keyId = (key: KeyObject): Buffer => createHash("sha256").update(spkiOf(key)).digest().subarray(0, 20);

const toPem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replaceAll(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
