import fc from "fast-check";

/** Pieces that have broken parsers before: ends of numbers, escapes, names of prototypes, paths, markup of other formats. */
const pieces: readonly Buffer[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "../../etc/passwd",
  "${jndi:x}",
  "\u0000",
  "\uFEFF",
  "\u202E",
  "\u001b[31m",
  "\r\n",
  '"',
  "'",
  "\\",
  "\\ud800",
  "{{{{{{{{",
  "[[[[[[[[",
  "]]]]]]]]",
  "&a *a",
  "!!js/function",
  "<<: ",
  "- ",
  "1e999",
  "-0",
  "NaN",
  "Infinity",
  "9007199254740993",
  "18446744073709551616",
  "00",
  "0x7f.1",
  "%2e%2e",
  "%",
  "#",
  ",,,,",
  ";",
  "=",
  ".",
]
  .map((text) => Buffer.from(text))
  .concat([
    Buffer.alloc(8, 0xff),
    Buffer.alloc(9, 0x80),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.from([0xff, 0xff, 0xff, 0x7f]),
    Buffer.from([0xc0, 0xaf]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
    Buffer.alloc(64),
  ]);

/** One change of some bytes. Places are shares of the length, so that a counterexample can be shrunk. */
type Change =
  | { readonly does: "flip"; readonly at: number; readonly bit: number }
  | { readonly does: "set"; readonly at: number; readonly to: number }
  | { readonly does: "cut"; readonly at: number; readonly length: number }
  | { readonly does: "end"; readonly at: number }
  | { readonly does: "insert"; readonly at: number; readonly piece: number }
  | { readonly does: "repeat"; readonly at: number; readonly length: number; readonly times: number }
  | { readonly does: "splice"; readonly at: number; readonly other: number; readonly from: number };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const length = fc.integer({ min: 1, max: 40 });

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ does: fc.constant("flip" as const), at: share, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ does: fc.constant("set" as const), at: share, to: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ does: fc.constant("cut" as const), at: share, length }),
  fc.record({ does: fc.constant("end" as const), at: share }),
  fc.record({
    does: fc.constant("insert" as const),
    at: share,
    piece: fc.integer({ min: 0, max: pieces.length - 1 }),
  }),
  fc.record({
    does: fc.constant("repeat" as const),
    at: share,
    length,
    times: fc.integer({ min: 2, max: 50 }),
  }),
  fc.record({ does: fc.constant("splice" as const), at: share, other: fc.nat(), from: share }),
);

/** Bytes that are nearly one of the corpus: with up to eight changes, or now and then any bytes at all. */
export function mutated(corpus: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const base = fc.nat({ max: corpus.length - 1 });
  const near = fc
    .tuple(base, fc.array(change, { maxLength: 8 }))
    .map(([which, changes]) =>
      changes.reduce<Buffer>((bytes, one) => applied(bytes, one, corpus), Buffer.from(corpus[which] ?? [])),
    );
  const any = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ weight: 19, arbitrary: near }, { weight: 1, arbitrary: any });
}

function applied(bytes: Buffer, one: Change, corpus: readonly Uint8Array[]): Buffer {
  const at = Math.floor(one.at * bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (one.does) {
    case "flip":
    case "set": {
      const changed = Buffer.from(bytes);
      const old = changed[at];
      if (old !== undefined) changed[at] = one.does === "set" ? one.to : old ^ (1 << one.bit);
      return changed;
    }
    case "cut":
      return Buffer.concat([before, after.subarray(one.length)]);
    case "end":
      return Buffer.from(before);
    case "insert":
      return Buffer.concat([before, pieces[one.piece] ?? Buffer.alloc(0), after]);
    case "repeat": {
      const piece = after.subarray(0, one.length);
      return Buffer.concat([before, ...new Array<Buffer>(one.times).fill(piece), after]);
    }
    case "splice": {
      const other = Buffer.from(corpus[one.other % corpus.length] ?? []);
      return Buffer.concat([before, other.subarray(Math.floor(one.from * other.length))]);
    }
  }
}
