import { hashBytes } from "#kernel/files.js";
import type { Sha256 } from "#kernel/ids.js";
import { isList, type Json } from "#kernel/json.js";
import { sizeOf } from "#kernel/json-size.js";
import type { PayloadStore } from "./model.js";

/** Texts up to this length stay in the row. In UTF-16 units, as `length` counts: what is short needs no closer look. */
const maxInline = 32 * 1024;

/** How much longer a value's text may be than `sizeOf` says: an escaped character has six, a number has four or 25. */
const maxEscape = 7;

/** About how much a place takes in a text. */
const placeLength = 100;

/** Shorter texts are made anew each time: that costs less than to remember them. */
const minRemembered = 512;

/** Digests that are remembered as kept. */
const maxRemembered = 10_000;

type Path = readonly (string | number)[];

/** Where a part of a value was, and under which digest it lies. */
interface Place {
  readonly path: Path;
  readonly sha256: Sha256;
}

/** A value that has been put aside: its packed text, by its digest. */
export interface Payload {
  readonly sha256: Sha256;
  readonly text: string;
}

/**
 * A value as a row keeps it: `{"value": …}`, before it under `payloads` the places whose values lie elsewhere. As they stand
 * beside the value, nothing that users write can look like one.
 */
interface Packed {
  readonly text: string;
  readonly payloads: readonly Payload[];
}

/** A value without its large parts, as text: the same value in the next state costs nothing again. */
interface Split {
  readonly text: string;
  readonly places: readonly Place[];
  readonly payloads: readonly Payload[];
}

/** Whether the value at a path is only a frame around others, which is never put aside itself. */
type IsFrame = (path: Path) => boolean;

const noFrame: IsFrame = () => false;
/** The value itself stays; any of its parts may go. */
export const outermost: IsFrame = (path) => path.length === 0;
/** The interpreter's state: what changes at each transition stays, the data of users in it may go. */
export const ofState: IsFrame = (path) =>
  path.length === 0 ||
  (path[0] === "frames"
    ? path.length <= 2
    : ["info", "counters", "ready", "waits"].includes(String(path[0])));

/** Keeps large values out of the rows: each is kept once, under its digest. */
export class Payloads {
  readonly #store: PayloadStore;
  /** Packed values that are not quite small, by themselves. */
  readonly #packed = new WeakMap<object, Packed>();
  /** The same for parts of large values: those that may go, and those that are frames around others. */
  readonly #parts = new WeakMap<object, Split>();
  readonly #frames = new WeakMap<object, Split>();
  readonly #kept = new Map<Sha256, number>();

  constructor(store: PayloadStore) {
    this.#store = store;
  }

  /** The form for a row; the payloads are to be kept by {@link keep} first. Values are never changed: what was packed once is known. */
  pack(value: unknown, isFrame: IsFrame = noFrame): Packed {
    const whole = isObject(value) && isFrame === noFrame ? value : undefined;
    const known = whole === undefined ? undefined : this.#packed.get(whole);
    if (known !== undefined) return known;
    const packed = this.#pack(value, isFrame);
    if (whole !== undefined && packed.text.length > minRemembered) this.#packed.set(whole, packed);
    return packed;
  }

  #pack(value: unknown, isFrame: IsFrame): Packed {
    if (isShort(value)) {
      const text = JSON.stringify(value);
      if (text.length <= maxInline) return { text: `{"value":${text}}`, payloads: [] };
    }
    const split = this.#split(value as Json, [], isFrame);
    return { text: packedText(split), payloads: split.payloads };
  }

  /** The value again, whole. Throws `BLOB_NOT_FOUND` when a payload is lost. */
  unpack(text: string): Promise<Json> {
    return this.#unpack(text, new Map());
  }

  /** What lies in many places is read once, and is one value in memory. */
  async #unpack(text: string, read: Map<Sha256, Json>): Promise<Json> {
    const { value, payloads } = JSON.parse(text) as { value: Json; payloads?: readonly Place[] };
    let whole = value;
    for (const { path, sha256 } of payloads ?? []) {
      let inner = read.get(sha256);
      if (inner === undefined) {
        inner = await this.#unpack(Buffer.from(await this.#store.read(sha256)).toString(), read);
        read.set(sha256, inner);
      }
      whole = put(whole, path, inner);
    }
    return whole;
  }

  /** Makes payloads durable. Returns their sizes in bytes, for the rows that name them. */
  async keep(payloads: readonly Payload[]): Promise<{ sha256: Sha256; sizeBytes: number }[]> {
    const kept: { sha256: Sha256; sizeBytes: number }[] = [];
    for (const [sha256, text] of new Map(payloads.map((payload) => [payload.sha256, payload.text]))) {
      let sizeBytes = this.#kept.get(sha256);
      if (sizeBytes === undefined) {
        const bytes = Buffer.from(text);
        sizeBytes = bytes.length;
        await this.#store.put(bytes, sha256);
        if (this.#kept.size >= maxRemembered) this.#kept.clear();
        this.#kept.set(sha256, sizeBytes);
      }
      kept.push({ sha256, sizeBytes });
    }
    return kept;
  }

  /** From the innermost outwards: a value goes when it is large even without its large parts. */
  #split(value: Json, path: Path, isFrame: IsFrame): Split {
    const frame = isFrame(path);
    if (!isObject(value)) {
      const whole = { text: JSON.stringify(value), places: [], payloads: [] };
      return isLarge(whole) && !frame ? putAside(whole) : whole;
    }
    const remembered = frame ? this.#frames : this.#parts;
    const known = remembered.get(value);
    if (known !== undefined) return known;
    // A tree of many small parts is one text: however much of it must be escaped, it is not large.
    if (!frame && sizeOf(value) <= maxInline / maxEscape)
      return { text: JSON.stringify(value), places: [], payloads: [] };
    const parts = this.#splitParts(value, path, isFrame);
    const split = isLarge(parts) && !frame ? putAside(parts) : parts;
    if (parts.text.length > minRemembered || parts.places.length > 0) remembered.set(value, split);
    return split;
  }

  #splitParts(value: Json & object, path: Path, isFrame: IsFrame): Split {
    // Nothing in it could go: a list of 20,000 numbers is one text, not as many.
    if (Object.values(value).every(isSmall)) return { text: JSON.stringify(value), places: [], payloads: [] };
    const places: Place[] = [];
    // A value that is a part of others many times has its payloads here once.
    const payloads = new Map<Sha256, Payload>();
    const part = (inner: Json, key: string | number): string => {
      const split = this.#split(inner, [...path, key], isFrame);
      for (const place of split.places) places.push({ ...place, path: [key, ...place.path] });
      for (const payload of split.payloads) payloads.set(payload.sha256, payload);
      return split.text;
    };
    if (isList(value))
      return { text: `[${value.map(part).join(",")}]`, places, payloads: [...payloads.values()] };
    const members: string[] = [];
    for (const [key, inner] of Object.entries(value)) {
      if ((inner as Json | undefined) === undefined) continue;
      members.push(`${JSON.stringify(key)}:${part(inner, key)}`);
    }
    return { text: `{${members.join(",")}}`, places, payloads: [...payloads.values()] };
  }
}

/** Whether the text of a value may be short: a look that ends early, however large the value is. */
function isShort(value: unknown): boolean {
  let left = maxInline;
  const walk = (item: unknown): boolean => {
    if (typeof item === "string") left -= item.length + 2;
    // About as many as a number has: what seems short is made a text, which is for nothing when it is not.
    else if (!isObject(item)) left -= 4;
    else if (Array.isArray(item)) {
      left -= 2;
      if (item.length > left || !item.every(walk)) return false;
    } else {
      left -= 2;
      const keys = Object.keys(item);
      // Each has at least two quotation marks, a colon and something behind it.
      if (4 * keys.length > left) return false;
      const members = item as Readonly<Record<string, unknown>>;
      for (const key of keys) {
        left -= key.length + 3;
        if (left < 0 || !walk(members[key])) return false;
      }
    }
    return left >= 0;
  };
  return walk(value);
}

/** Whether a part is neither a frame around others nor large. */
const isSmall = (part: unknown): boolean =>
  typeof part === "string" ? part.length < minRemembered : typeof part !== "object" || part === null;

/** Places count too: a list of a thousand large values is large. */
const isLarge = ({ text, places }: Split): boolean => text.length + places.length * placeLength > maxInline;

function putAside(split: Split): Split {
  const text = packedText(split);
  const sha256 = hashBytes(text);
  return { text: "null", places: [{ path: [], sha256 }], payloads: [...split.payloads, { sha256, text }] };
}

const packedText = ({ text, places }: Split): string =>
  places.length === 0 ? `{"value":${text}}` : `{"payloads":${JSON.stringify(places)},"value":${text}}`;

/** A copy with another value at the path. */
function put(value: Json, path: Path, inner: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return inner;
  if (isList(value)) return value.map((item, at) => (at === key ? put(item, rest, inner) : item));
  const object = value as Readonly<Record<string, Json>>;
  return { ...object, [key]: put(object[key] ?? null, rest, inner) };
}
const isObject = (value: unknown): value is Json & object => typeof value === "object" && value !== null;
