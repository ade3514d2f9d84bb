import type { Json } from "#kernel/json.js";

/** A text that nobody may see, and what stands in its place. */
export interface Hidden {
  readonly text: string;
  readonly by: string;
}

/** What is shorter stands everywhere by chance. */
const minPart = 4;

/**
 * Takes secrets out of texts that came from elsewhere and may repeat them: as they are, escaped as in a URI, a form or JSON, however often,
 * and in base64 at any place of it (RFC 4648, both alphabets), where what is encoded is encoded again without the secret. So are credentials
 * built of a secret, such as those of Basic (RFC 7617). Texts of fewer than `minLength` characters are let be.
 */
export function hider(hidden: readonly Hidden[], minLength = minPart): (text: string) => string {
  const known = hidden
    .filter(({ text }) => text.length >= minLength)
    // A secret may hold another one.
    .sort((one, other) => other.text.length - one.text.length);
  const all = known.map(({ text, by }) => ({ pattern: patternOf(text), by }));
  const plain = (text: string) =>
    all.reduce((rest, { pattern, by }) => rest.replace(pattern, () => by), text);
  const shortest = Math.min(
    ...known.map(({ text }) => Buffer.byteLength(text)).filter((bytes) => bytes >= minPart),
  );
  if (shortest === Infinity) return plain;
  const runs = new RegExp(`[A-Za-z0-9+/_-]{${Math.floor((shortest * 4) / 3)},}={0,2}`, "g");
  return (text) => plain(text).replace(runs, (run) => withinBase64(run, plain));
}

/** A run of letters of base64, with what it encodes hidden; its first letters may be of something else, such as a path. */
function withinBase64(run: string, plain: (text: string) => string): string {
  for (let skip = 0; skip < 4; skip++) {
    const encoded = run.slice(skip);
    const bytes = Buffer.from(encoded, "base64").toString("latin1");
    const safe = plain(bytes);
    if (safe === bytes) continue;
    const written = Buffer.from(safe, "latin1").toString(/[-_]/.test(encoded) ? "base64url" : "base64");
    return run.slice(0, skip) + (run.endsWith("=") ? written : written.replace(/=+$/, ""));
  }
  return run;
}

/** A copy in which every text is hidden as told, the keys of objects too. */
export function hideIn(value: Json, hide: (text: string) => string): Json {
  if (typeof value === "string") return hide(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => hideIn(item, hide));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [hide(key), hideIn(item, hide)]));
}

/** A backslash, or escapes of one: JSON within JSON has many before one character. */
const backslash = String.raw`(?:\\|%(?:25){0,8}5[Cc])`;

/** Matches a secret whose characters are each as they are, or escaped as in a URI, a form or JSON, one within the other. */
function patternOf(secret: string): RegExp {
  const parts = Array.from(secret.replace(/\\+/g, "\\")).map((character, at, all) => {
    if (character === "\\") return `${backslash}{1,64}`;
    const before = all[at - 1] === "\\" ? "" : `${backslash}{0,64}`;
    return `${before}(?:${waysOf(character).join("|")})`;
  });
  return new RegExp(parts.join(""), "g");
}

function waysOf(character: string): readonly string[] {
  const bytes = [...Buffer.from(character)].map((byte) => byte.toString(16).padStart(2, "0"));
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return [
    character.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"),
    // Where bytes are looked at as latin1.
    bytes.map((hex) => `\\x${hex}`).join(""),
    bytes.map((hex) => `%(?:25){0,8}${eitherCase(hex)}`).join(""),
    units.map((unit) => `u${eitherCase(unit.toString(16).padStart(4, "0"))}`).join(`${backslash}{1,64}`),
    ...(character === " " ? [String.raw`\+`, "%(?:25){0,8}2[Bb]"] : []),
    ...(character === "%" ? ["%(?:25){1,8}"] : []),
  ];
}

const eitherCase = (hex: string): string =>
  hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
