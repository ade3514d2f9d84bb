import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { ComityError, type ErrorCode } from "#kernel/errors.js";

/** A new P-256 private key; it also gives its public half ({@link publicKeyOf}). */
export const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/** PKCS #8, PEM. */
export const keyToPem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

/** Reads a P-256 private key; throws `code` for anything else, without a word of the key itself. */
export function keyFromPem(pem: string, code: ErrorCode = "CERTIFICATE_INVALID"): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new ComityError(code, "The private key cannot be read.");
  }
  if (!isP256(key)) throw new ComityError(code, "The private key is no P-256 key.");
  return key;
}

export const publicKeyOf = (key: KeyObject): KeyObject =>
  key.type === "public" ? key : createPublicKey(key);

/** SubjectPublicKeyInfo, DER. */
export const spkiOf = (key: KeyObject): Buffer => publicKeyOf(key).export({ type: "spki", format: "der" });

/** Names a public key: `sha256:` and the base64url digest of its SubjectPublicKeyInfo, as in RFC 7469. */
export const pinOf = (key: KeyObject): string =>
  `sha256:${createHash("sha256").update(spkiOf(key)).digest("base64url")}`;

export const isP256 = (key: KeyObject): boolean =>
  key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1";
