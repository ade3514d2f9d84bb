import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import { UpdateChecker } from "#aggregation/tensors/checker.js";
import { type Dtype, dtypeNames, dtypes } from "#aggregation/tensors/dtypes.js";
import {
  type AnyTensor,
  decodeAnyTensors,
  encodeTensors,
  readHeader,
} from "#aggregation/tensors/safetensors.js";
import { byteCount, type TensorSpec } from "#aggregation/tensors/spec.js";
import { toBfloat16, ValueRoom } from "#aggregation/tensors/values.js";

const specsArbitrary: fc.Arbitrary<TensorSpec[]> = fc
  .array(
    fc.record({
      dtype: fc.constantFrom(...dtypeNames),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((some) => some.map((spec, place) => ({ ...spec, name: `t${place}` })));

/** Values that a type can hold, of which none is like its neighbour. */
function tensorOf({ name, dtype, shape }: TensorSpec): AnyTensor {
  const length = shape.reduce((a, b) => a * b, 1);
  const value = (i: number) => (i % 2 === 0 ? 1 : -1) * (i + 1) * 0.5;
  switch (dtype) {
    case "F32":
      return { name, dtype, shape, values: Float32Array.from({ length }, (_, i) => value(i)) };
    case "F64":
      return { name, dtype, shape, values: Float64Array.from({ length }, (_, i) => value(i) / 3) };
    case "BF16":
      return { name, dtype, shape, values: Uint16Array.from({ length }, (_, i) => toBfloat16(value(i))) };
    // All bits set: read as a floating value, it would be NaN.
    case "I32":
      return { name, dtype, shape, values: Int32Array.from({ length }, (_, i) => (i % 3 === 0 ? -1 : i)) };
    case "I64":
      return {
        name,
        dtype,
        shape,
        values: BigInt64Array.from({ length }, (_, i) => (i % 3 === 0 ? -1n : BigInt(i) << 40n)),
      };
  }
}

function check(blob: Uint8Array, expected: readonly TensorSpec[], sizes: readonly number[]) {
  const checker = new UpdateChecker(expected, blob.length);
  for (let at = 0, turn = 0; at < blob.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    checker.push(blob.subarray(at, at + size));
    at += size;
  }
  return checker.finish();
}

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 61 }), { minLength: 1, maxLength: 5 });
/** What is not finite, by type. */
const wild: Partial<Record<Dtype, readonly bigint[]>> = {
  F32: [0x7f800000n, 0xff800000n, 0x7fc00001n],
  F64: [0x7ff0000000000000n, 0xfff0000000000000n, 0x7ff0000000000001n],
  BF16: [0x7f80n, 0xff80n, 0x7fc1n],
};

describe("element types", () => {
  it("are read back as they were written, in any mixture", () => {
    fc.assert(
      fc.property(specsArbitrary, (specs) => {
        const tensors = specs.map(tensorOf);
        const blob = encodeTensors(tensors);
        assert.deepEqual(decodeAnyTensors(blob), tensors);
        assert.equal(
          readHeader(blob).dataBytes,
          specs.reduce((sum, spec) => sum + byteCount(spec), 0),
        );
      }),
    );
  });

  it("are checked in pieces of any size: whole numbers are finite whatever their bits", () => {
    fc.assert(
      fc.property(specsArbitrary, sizesArbitrary, (specs, sizes) => {
        const blob = encodeTensors(specs.map(tensorOf));
        const { dataOffset, dataBytes } = readHeader(blob);
        assert.deepEqual(check(blob, specs, sizes), { dataOffset, dataBytes });
      }),
    );
  });

  it("are refused with tensor and place where a floating one is not finite", () => {
    fc.assert(
      fc.property(specsArbitrary, sizesArbitrary, fc.nat(), fc.nat(2), (specs, sizes, nth, which) => {
        const blob = encodeTensors(specs.map(tensorOf));
        const { tensors, dataOffset } = readHeader(blob);
        const places = tensors.flatMap(({ name, dtype, begin, end }) =>
          Array.from(
            { length: dtypes[dtype].integer ? 0 : (end - begin) / dtypes[dtype].bytes },
            (_, index) => ({
              name,
              dtype,
              index,
              at: dataOffset + begin + index * dtypes[dtype].bytes,
            }),
          ),
        );
        const place = places[nth % Math.max(1, places.length)];
        fc.pre(place !== undefined);
        const bits = wild[place.dtype]?.[which] ?? 0n;
        for (let i = 0; i < dtypes[place.dtype].bytes; i++)
          blob[place.at + i] = Number((bits >> BigInt(8 * i)) & 0xffn);
        assert.throws(
          () => check(blob, specs, sizes),
          (error) =>
            error instanceof AggregationError &&
            error.code === "UPDATE_NOT_FINITE" &&
            error.tensor === place.name &&
            error.index === place.index,
        );
      }),
    );
  });

  it("are told apart: another one than the model's is refused by name", () => {
    const spec = { name: "w", shape: [2] };
    const blob = encodeTensors([{ ...spec, dtype: "I64", values: new BigInt64Array(2) }]);
    const refuses = (expected: TensorSpec[], message: RegExp) =>
      assert.throws(() => check(blob, expected, [7]), { code: "UPDATE_SCHEMA_WRONG", message });
    refuses([{ ...spec, dtype: "F32" }], /"w" has dtype "I64"; only F32 is accepted/);
    refuses(
      [
        { ...spec, dtype: "F64" },
        { name: "n", dtype: "I64", shape: [] },
      ],
      /"n" is missing/,
    );
    refuses([{ ...spec, dtype: "F64" }], /only F64 is accepted/);
    const pair = encodeTensors([
      { ...spec, dtype: "I64", values: new BigInt64Array(2) },
      { name: "n", dtype: "F64", shape: [], values: new Float64Array(1) },
    ]);
    const other: TensorSpec[] = [
      { ...spec, dtype: "F64" },
      { name: "n", dtype: "I64", shape: [] },
    ];
    assert.throws(() => check(pair, other, [64]), { message: /"w" must have dtype F64, but has "I64"/ });
  });
});

/** One float64 rounded to a type, and read back. */
function through(dtype: Dtype, value: number): number | undefined {
  const room = new ValueRoom(1);
  if (room.write(dtype, Float64Array.of(value)) >= 0) return undefined;
  const back = new Float64Array(1);
  room.read(dtype, back);
  return back[0];
}

const anyFinite = fc.double({ noNaN: true, noDefaultInfinity: true });
const narrow = fc.oneof(
  anyFinite,
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.double({ min: -1e-37, max: 1e-37, noNaN: true }),
  // Halfway between two bfloat16, and a hair beside it.
  fc
    .tuple(fc.nat(0x7f7e), fc.constantFrom(0, 2 ** -44, -(2 ** -44)), fc.boolean())
    .map(([bits, off, minus]) => (minus ? -1 : 1) * halfway(bits) * (1 + off)),
);

/** The value of a bfloat16 by the definition of IEEE 754: 8 bits of exponent, 7 of fraction. */
function bfloat16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 7) & 0xff, bits & 0x7f];
  return sign * (exponent === 0 ? fraction * 2 ** -133 : (128 + fraction) * 2 ** (exponent - 134));
}
const halfway = (bits: number) => (bfloat16Value(bits) + bfloat16Value(bits + 1)) / 2;

/** The nearest by search: exact, since all that are compared have few bits. */
function nearestBfloat16(value: number): number | undefined {
  const size = Math.abs(value);
  let [low, high] = [0, 0x7f80];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (middle < 0x7f80 && bfloat16Value(middle) <= size) low = middle;
    else high = middle - 1;
  }
  const above = low === 0x7f7f ? 2 ** 128 : bfloat16Value(low + 1);
  const half = (bfloat16Value(low) + above) / 2;
  const up = size > half || (size === half && low % 2 === 1);
  const bits = up ? low + 1 : low;
  return bits === 0x7f80 ? undefined : Math.sign(value) * bfloat16Value(bits);
}

describe("rounding to a type", () => {
  it("gives the nearest bfloat16, of two the even one, rounded once", () => {
    fc.assert(
      fc.property(narrow, (value) =>
        assert.equal((through("BF16", value) ?? NaN) + 0, (nearestBfloat16(value) ?? NaN) + 0),
      ),
      { numRuns: 5000 },
    );
    // Rounded to float32 first it would be 1 + 2^-8, halfway, and then 1.
    assert.equal(through("BF16", 1 + 2 ** -8 + 2 ** -40), 1 + 2 ** -7);
    assert.ok(Object.is(through("BF16", -0), -0));
  });

  it("gives float32 and float64 as the language does", () => {
    fc.assert(
      fc.property(anyFinite, (value) => {
        const single = Math.fround(value);
        assert.equal(through("F32", value), Number.isFinite(single) ? single : undefined);
        assert.equal(through("F64", value), value);
      }),
    );
  });

  it("gives the nearest whole number, of two the even one, where the type reaches", () => {
    const halves = fc.integer({ min: -(2 ** 33), max: 2 ** 33 }).map((n) => n / 2);
    fc.assert(
      fc.property(fc.oneof(halves, fc.double({ min: -1e4, max: 1e4, noNaN: true })), (value) => {
        const [below, above] = [Math.floor(value), Math.ceil(value)];
        const even = below % 2 === 0 ? below : above;
        const want = value - below < above - value ? below : value - below > above - value ? above : even;
        const fits = want >= -(2 ** 31) && want <= 2 ** 31 - 1;
        assert.equal((through("I32", value) ?? NaN) + 0, fits ? want + 0 : NaN);
        assert.equal((through("I64", value) ?? NaN) + 0, want + 0);
      }),
    );
    assert.equal(through("I32", 2 ** 31 - 0.5), undefined);
    assert.equal(through("I32", -(2 ** 31) - 0.5), -(2 ** 31));
    assert.equal(through("I64", -(2 ** 63)), -(2 ** 63));
    assert.equal(through("I64", 2 ** 63), undefined);
  });

  it("tells the place of the first value that no type can hold", () => {
    for (const dtype of dtypeNames) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        assert.equal(new ValueRoom(4).write(dtype, Float64Array.of(1, 2, value, value)), 2, dtype);
      assert.equal(new ValueRoom(2).write(dtype, Float64Array.of(1, 2)), -1);
    }
    assert.equal(new ValueRoom(1).write("F32", Float64Array.of(3.5e38)), 0);
  });

  it("reads many bfloat16 exactly, more than it widens at a time", () => {
    const n = 10_000;
    const room = new ValueRoom(n);
    const values = Float64Array.from({ length: n }, (_, i) => bfloat16Value((i * 3) % 0x7f80));
    assert.equal(room.write("BF16", values), -1);
    assert.equal(room.part("BF16", n).length, 2 * n);
    const back = new Float64Array(n);
    room.read("BF16", back);
    assert.deepEqual(back, values);
  });
});
