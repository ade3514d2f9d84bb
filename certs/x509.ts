import {
  type Der,
  decode,
  isTagged,
  isUniversal,
  oidOf,
  partsOf,
  rawContentOf,
  tag,
  taggedPartsOf,
} from "./der.js";

/** The parts of a certificate that node:crypto does not give in a safe form. */
interface CertificateFields {
  readonly subject: Der;
  /** The value of each extension by its identifier, decoded. */
  readonly extensions: ReadonlyMap<string, Der>;
}

/** Reads a decoded v3 certificate (RFC 5280, 4.1). Throws a plain error; callers give it a code. */
export function fieldsOf(certificate: Der): CertificateFields {
  const [body] = partsOf(certificate);
  const [version, , , , , subject, , ...optional] = partsOf(body);
  const last = optional.at(-1);
  if (version === undefined || !isTagged(version, 0) || subject === undefined || last === undefined) {
    throw new Error("not a v3 certificate");
  }
  const extensions = new Map<string, Der>();
  for (const extension of partsOf(taggedPartsOf(last, 3)[0])) {
    const parts = partsOf(extension);
    const id = oidOf(parts[0]);
    const value = parts.at(-1);
    if (value === undefined || !isUniversal(value, tag.octetString))
      throw new Error("an extension without a value");
    if (extensions.has(id)) throw new Error("an extension twice");
    extensions.set(id, decode(rawContentOf(value)));
  }
  return { subject, extensions };
}
