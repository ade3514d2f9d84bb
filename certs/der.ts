import asn1 from "node-forge/lib/asn1.js";

/** One value of a DER text (ITU-T X.690). */
export interface Der {
  readonly tagClass: number;
  readonly type: number;
  readonly constructed: boolean;
  /** One character for each byte, or the parts of a constructed value. */
  readonly value: string | Der[];
}

/** Tags of the universal class that we write or read. */
export const tag = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8String: 12,
  sequence: 16,
  set: 17,
  utcTime: 23,
  generalizedTime: 24,
} as const;

const universal = 0x00;
const context = 0x80;
const maxDepth = 16;

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const primitive = (type: number, bytes: Uint8Array): Der =>
  asn1.create(universal, type, false, binary(bytes));

export const sequence = (...parts: Der[]): Der => asn1.create(universal, tag.sequence, true, parts);
export const set = (...parts: Der[]): Der => asn1.create(universal, tag.set, true, parts);
export const oid = (dotted: string): Der =>
  asn1.create(universal, tag.oid, false, asn1.oidToDer(dotted).getBytes());
export const integer = (bytes: Uint8Array): Der => primitive(tag.integer, bytes);
export const yes = (): Der => primitive(tag.boolean, Uint8Array.of(0xff));
export const utf8 = (text: string): Der => primitive(tag.utf8String, Buffer.from(text));
export const octets = (bytes: Uint8Array): Der => primitive(tag.octetString, bytes);
export const bits = (bytes: Uint8Array, unused = 0): Der =>
  primitive(tag.bitString, Buffer.concat([Uint8Array.of(unused), bytes]));

/** `[number]` around parts (explicit), or in place of the tag of a primitive value (implicit). */
export const tagged = (number: number, value: Der[] | Uint8Array): Der =>
  asn1.create(context, number, Array.isArray(value), Array.isArray(value) ? value : binary(value));

/** A point in time as X.509 writes it: UTCTime through 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
export function time(ms: number): Der {
  const text = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
  const late = Number(text.slice(0, 4)) >= 2050;
  return primitive(late ? tag.generalizedTime : tag.utcTime, Buffer.from(late ? text : text.slice(2)));
}

export const encode = (node: Der): Buffer => Buffer.from(asn1.toDer(node).getBytes(), "latin1");

/**
 * Reads DER from outside. Only the one canonical encoding is taken, so that {@link encode} of any part gives
 * back the very bytes that were read. Throws a plain error; callers give it a code.
 */
export function decode(bytes: Uint8Array): Der {
  const text = binary(bytes);
  const node = asn1.fromDer(text, { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth });
  if (asn1.toDer(node).getBytes() !== text) throw new Error("not the canonical encoding");
  return node;
}

/** The parts of a SEQUENCE, a SET (by `type`), or a constructed `[number]`. */
export function partsOf(node: Der | undefined, type: number = tag.sequence): Der[] {
  if (node === undefined || !isUniversal(node, type) || !Array.isArray(node.value))
    throw new Error(`expected type ${type}`);
  return node.value;
}

/** The parts of a constructed `[number]`. */
export function taggedPartsOf(node: Der, number: number): Der[] {
  if (!isTagged(node, number) || !Array.isArray(node.value)) throw new Error(`expected [${number}]`);
  return node.value;
}

/** The content of a primitive value of the universal class. */
export function contentOf(node: Der | undefined, type: number): Buffer {
  if (node === undefined || !isUniversal(node, type)) throw new Error(`expected type ${type}`);
  return rawContentOf(node);
}

/** The content of any primitive value. */
export function rawContentOf(node: Der): Buffer {
  if (typeof node.value !== "string") throw new Error("expected a primitive value");
  return Buffer.from(node.value, "latin1");
}

/** The bytes of a BIT STRING whose length is a multiple of eight bits. */
export function bitsOf(node: Der | undefined): Buffer {
  const content = contentOf(node, tag.bitString);
  if (content[0] !== 0) throw new Error("expected whole bytes");
  return content.subarray(1);
}

/** An OBJECT IDENTIFIER with dots. */
export const oidOf = (node: Der | undefined): string =>
  asn1.derToOid(contentOf(node, tag.oid).toString("latin1"));

export const isUniversal = (node: Der, type: number): boolean =>
  node.tagClass === universal && node.type === type;
export const isTagged = (node: Der, number: number): boolean =>
  node.tagClass === context && node.type === number;
