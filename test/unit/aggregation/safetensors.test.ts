import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import {
  decodeTensors,
  encodeHeader,
  encodeTensors,
  headerLength,
  readHeader,
} from "#aggregation/tensors/safetensors.js";
import { checkSchema } from "#aggregation/tensors/schema.js";
import { type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";

/** A blob with any text as its header. */
function blobOf(json: string | Uint8Array, dataBytes = 0): Uint8Array {
  const bytes = Buffer.from(json);
  const blob = new Uint8Array(8 + bytes.length + dataBytes);
  new DataView(blob.buffer).setBigUint64(0, BigInt(bytes.length), true);
  blob.set(bytes, 8);
  return blob;
}

const refusal = (code: string, pattern: RegExp, tensor?: string) => (error: unknown) => {
  assert.ok(error instanceof AggregationError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, pattern);
  if (tensor !== undefined) assert.equal(error.tensor, tensor);
  return true;
};

const nameArbitrary = fc
  .string({ minLength: 1, maxLength: 40, unit: "grapheme" })
  .filter(
    (name) => name !== "__proto__" && name !== "__metadata__" && name.length <= 256 && name.isWellFormed(),
  );
const specsArbitrary: fc.Arbitrary<TensorSpec[]> = fc.uniqueArray(
  fc.record({
    name: fc.oneof(nameArbitrary, fc.nat(99).map(String)),
    dtype: fc.constant("F32" as const),
    shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
  }),
  { selector: (spec) => spec.name, maxLength: 12 },
);

describe("safetensors", () => {
  it("reads back what it wrote, whatever the names, shapes and address", () => {
    fc.assert(
      fc.property(specsArbitrary, fc.nat(7), (specs, shift) => {
        const tensors = specs.map((spec, place) => ({
          ...spec,
          dtype: "F32" as const,
          values: Float32Array.from(
            { length: spec.shape.reduce((a, b) => a * b, 1) },
            (_, i) => place + i / 7,
          ),
        }));
        const blob = encodeTensors(tensors);
        const moved = new Uint8Array(blob.length + shift);
        moved.set(blob, shift);
        assert.deepEqual(decodeTensors(moved.subarray(shift)), tensors);
        const header = readHeader(blob);
        assert.equal(header.dataOffset % 8, 0);
        assert.equal(header.dataOffset + header.dataBytes, blob.length);
        assert.equal(header.dataBytes, totalBytes(specs));
        checkSchema(header.tensors, specs);
      }),
    );
  });

  it("writes the canonical header byte for byte", () => {
    const header = encodeHeader([
      { name: "b", dtype: "F32", shape: [2] },
      { name: "1", dtype: "F32", shape: [] },
    ]);
    const json =
      '{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"1":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}';
    assert.equal(
      Buffer.from(header.subarray(8)).toString(),
      json.padEnd(Math.ceil(json.length / 8) * 8, " "),
    );
    assert.equal(headerLength(header), header.length - 8);
  });

  it("ignores metadata and accepts a header that is not padded", () => {
    const blob = blobOf(
      '{"__metadata__":{"format":"pt"},"w":{"shape":[1],"data_offsets":[0,4],"dtype":"F32"}}',
      4,
    );
    assert.deepEqual(decodeTensors(blob), [
      { name: "w", dtype: "F32", shape: [1], values: new Float32Array(1) },
    ]);
  });

  const tensor = (fields: string) => `{"w":{${fields}}}`;
  const good = '"dtype":"F32","shape":[1],"data_offsets":[0,4]';
  const malformed: [string, string | Uint8Array, RegExp][] = [
    ["nothing", "", /claims 0 bytes/],
    ["an array", "[]", /must start with/],
    ["a space before", ` ${tensor(good)}`, /must start with/],
    ["no end", tensor(good).slice(0, -1), /expected/],
    ["text after the end", `${tensor(good)}x`, /end of the header/],
    ["a second object", `${tensor(good)}{}`, /end of the header/],
    ["a trailing comma", `{"w":{${good}},}`, /expected/],
    ["a string without end", '{"w', /end of a string/],
    ["an escape at the end", '{"w\\', /end of a string|JSON string/],
    ["a bad escape", '{"\\q":{}}', /JSON string/],
    ["half a surrogate pair", '{"\\ud800":{}}', /well-formed/],
    ["bytes that are not UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), /UTF-8/],
    ["a byte order mark", "\ufeff{}", /must start with/],
    [
      "equal names",
      `{"w":{${good}},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`,
      /Two tensors are named "w"/,
    ],
    [
      "equal names, one escaped",
      `{"w":{${good}},"\\u0077":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`,
      /Two tensors/,
    ],
    ["__proto__", `{"__proto__":{${good}}}`, /may be named "__proto__"/],
    ["an empty name", `{"":{${good}}}`, /1 to 256 characters/],
    ["a long name", `{"${"n".repeat(257)}":{${good}}}`, /has 257/],
    ["two metadata", '{"__metadata__":{},"__metadata__":{}}', /two keys/],
    ["metadata of numbers", '{"__metadata__":{"a":1}}', /expected "\\""/],
    ["nested metadata", '{"__metadata__":{"a":{"b":"c"}}}', /expected/],
    ["a number as tensor", '{"w":1}', /expected "{"/],
    ["no dtype", tensor('"shape":[1],"data_offsets":[0,4]'), /must have/],
    ["no shape", tensor('"dtype":"F32","data_offsets":[0,4]'), /must have/],
    ["no offsets", tensor('"dtype":"F32","shape":[1]'), /must have/],
    ["an unknown key", tensor(`${good},"x":1`), /unknown or repeated key "x"/],
    ["a repeated key", tensor(`${good},"shape":[1]`), /unknown or repeated key "shape"/],
    ["a negative size", tensor('"dtype":"F32","shape":[-1],"data_offsets":[0,4]'), /whole number/],
    ["half a size", tensor('"dtype":"F32","shape":[1.5],"data_offsets":[0,4]'), /whole number/],
    ["an exponent", tensor('"dtype":"F32","shape":[1e3],"data_offsets":[0,4000]'), /whole number/],
    ["a leading zero", tensor('"dtype":"F32","shape":[01],"data_offsets":[0,4]'), /whole number/],
    [
      "a huge size",
      tensor('"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]'),
      /whole number/,
    ],
    [
      "sizes whose product overflows",
      tensor('"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]'),
      /impossible shape/,
    ],
    [
      "an overflow hidden behind a zero",
      tensor('"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]'),
      /impossible/,
    ],
    [
      "too many dimensions",
      tensor(`"dtype":"F32","shape":[${Array(17).fill(1).join(",")}],"data_offsets":[0,4]`),
      /at most 16/,
    ],
    ["three offsets", tensor('"dtype":"F32","shape":[1],"data_offsets":[0,4,8]'), /at most 2/],
    ["one offset", tensor('"dtype":"F32","shape":[1],"data_offsets":[0]'), /\[0,4\], not \[0\]/],
    [
      "offsets past the shape",
      tensor('"dtype":"F32","shape":[1],"data_offsets":[0,8]'),
      /\[0,4\], not \[0,8\]/,
    ],
    ["a gap at the start", tensor('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), /not \[4,8\]/],
    ["offsets backwards", tensor('"dtype":"F32","shape":[1],"data_offsets":[4,0]'), /not \[4,0\]/],
    [
      "a gap",
      `{"a":{${good}},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`,
      /\[4,8\], not \[8,12\]/,
    ],
    [
      "an overlap",
      `{"a":{${good}},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
      /\[4,8\], not \[0,4\]/,
    ],
    ["true as a name", "{true:{}}", /expected/],
  ];
  for (const [what, json, pattern] of malformed) {
    it(`refuses a header with ${what}`, () => {
      assert.throws(() => readHeader(blobOf(json)), refusal("UPDATE_MALFORMED", pattern));
    });
  }

  it("refuses a header that is too long, cut off, or longer than the blob", () => {
    const huge = new Uint8Array(8).fill(0xff);
    assert.throws(() => readHeader(huge), refusal("UPDATE_MALFORMED", /claims 18446744073709551615 bytes/));
    assert.throws(() => readHeader(new Uint8Array(7)), refusal("UPDATE_MALFORMED", /at least 8 bytes/));
    assert.throws(
      () => readHeader(blobOf(tensor(good)).subarray(0, 20)),
      refusal("UPDATE_MALFORMED", /ends within/),
    );
    assert.throws(
      () => decodeTensors(blobOf(tensor(good), 3)),
      refusal("UPDATE_MALFORMED", /its header asks for/),
    );
    assert.throws(
      () => decodeTensors(blobOf(tensor(good), 5)),
      refusal("UPDATE_MALFORMED", /its header asks for/),
    );
  });

  it("refuses more than 10,000 tensors, reading and writing", () => {
    const entries = Array.from(
      { length: 10_001 },
      (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`,
    );
    assert.equal(readHeader(blobOf(`{${entries.slice(1).join(",")}}`)).tensors.length, 10_000);
    assert.throws(
      () => readHeader(blobOf(`{${entries.join(",")}}`)),
      refusal("UPDATE_MALFORMED", /at most 10000 tensors/),
    );
    const specs = entries.map((_, i): TensorSpec => ({ name: String(i), dtype: "F32", shape: [0] }));
    assert.throws(() => encodeHeader(specs), refusal("ARGUMENT_INVALID", /at most 10000/));
  });

  it("names the dtype that it does not take", () => {
    const blob = (dtype: string) => blobOf(tensor(`"dtype":"${dtype}","shape":[1],"data_offsets":[0,2]`), 2);
    const all = /"w" has dtype "F16"; only F32, F64, BF16, I32, I64 are accepted/;
    assert.throws(() => readHeader(blob("F16")), refusal("UPDATE_SCHEMA_WRONG", all, "w"));
    const one = /"w" has dtype "BF16"; only F32 is accepted/;
    assert.throws(() => decodeTensors(blob("BF16")), refusal("UPDATE_SCHEMA_WRONG", one, "w"));
    assert.throws(() => readHeader(blob("BF16"), ["F32"]), refusal("UPDATE_SCHEMA_WRONG", one, "w"));
    assert.equal(readHeader(blob("BF16")).dataBytes, 2);
  });

  it("never fails but with its own error, whatever the bytes", () => {
    const valid = Buffer.from(encodeHeader([{ name: "kernel", dtype: "F32", shape: [2, 3] }]));
    fc.assert(
      fc.property(
        fc.nat(valid.length - 1),
        fc.nat(255),
        fc.uint8Array({ maxLength: 40 }),
        (at, byte, random) => {
          const flipped = Uint8Array.from(valid);
          flipped[at] = byte;
          for (const blob of [
            flipped,
            blobOf(random),
            blobOf(`{${Buffer.from(random).toString("latin1")}`),
          ]) {
            try {
              readHeader(blob);
            } catch (error) {
              assert.ok(error instanceof AggregationError, String(error));
            }
          }
        },
      ),
    );
  });

  it("escapes a hostile name in its message", () => {
    const error = (() => {
      try {
        readHeader(
          blobOf(`{"a\\u001b[31m\u202e${"x".repeat(200)}":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}`),
        );
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    assert.ok(error instanceof AggregationError);
    assert.match(error.message, /^Tensor "a\\u001b\[31m\\u202ex+…" has/);
  });

  it("refuses to write what it would not read", () => {
    const spec = (name: string, shape: number[] = [1]): TensorSpec => ({ name, dtype: "F32", shape });
    assert.throws(
      () => encodeHeader([spec("a"), spec("a")]),
      refusal("ARGUMENT_INVALID", /Two tensors/, "a"),
    );
    assert.throws(() => encodeHeader([spec("")]), refusal("ARGUMENT_INVALID", /1 to 256/));
    assert.throws(() => encodeHeader([spec("a", [-1])]), refusal("ARGUMENT_INVALID", /impossible shape/));
    assert.throws(
      () => encodeTensors([{ ...spec("a", [2]), dtype: "F32", values: new Float32Array(3) }]),
      refusal("ARGUMENT_INVALID", /has 3 values/),
    );
  });
});

describe("schema", () => {
  const expected: TensorSpec[] = [
    { name: "dense/kernel", dtype: "F32", shape: [4, 3] },
    { name: "dense/bias", dtype: "F32", shape: [3] },
  ];
  const [kernel, bias] = expected;
  assert.ok(kernel && bias);
  const cases: [string, Parameters<typeof checkSchema>[0], RegExp, string][] = [
    [
      "a missing tensor",
      [kernel],
      /"dense\/bias" is missing; the model has 2 tensors, 1 were found/,
      "dense/bias",
    ],
    ["an extra tensor", [kernel, bias, { ...bias, name: "x" }], /"x" does not belong/, "x"],
    ["a repeated tensor", [kernel, bias, bias], /"dense\/bias" occurs twice/, "dense/bias"],
    [
      "a wrong shape",
      [{ ...kernel, shape: [3, 4] }, bias],
      /must have shape \[4,3\], but has \[3,4\]/,
      "dense/kernel",
    ],
    [
      "a wrong rank",
      [kernel, { ...bias, shape: [3, 1] }],
      /must have shape \[3\], but has \[3,1\]/,
      "dense/bias",
    ],
    [
      "a wrong dtype",
      [kernel, { ...bias, dtype: "F64" }],
      /must have dtype F32, but has "F64"/,
      "dense/bias",
    ],
    [
      "a wrong order",
      [bias, kernel],
      /"dense\/kernel" is expected at place 0 .*"dense\/bias" was found/,
      "dense/kernel",
    ],
    ["nothing", [], /"dense\/kernel" is missing/, "dense/kernel"],
  ];
  for (const [what, found, pattern, name] of cases) {
    it(`names ${what}`, () => {
      assert.throws(() => checkSchema(found, expected), refusal("UPDATE_SCHEMA_WRONG", pattern, name));
    });
  }

  it("accepts the expected tensors", () => checkSchema([kernel, bias], expected));
});
