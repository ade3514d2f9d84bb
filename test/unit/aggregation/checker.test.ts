import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import { UpdateChecker } from "#aggregation/tensors/checker.js";
import { encodeTensors, readHeader } from "#aggregation/tensors/safetensors.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";

const specs: TensorSpec[] = [
  { name: "a", dtype: "F32", shape: [3, 7] },
  { name: "empty", dtype: "F32", shape: [0] },
  { name: "b", dtype: "F32", shape: [50] },
  { name: "scalar", dtype: "F32", shape: [] },
];
const elements = 72;

function blobWith(change?: { at: number; value: number }): Uint8Array<ArrayBuffer> {
  const all = Float32Array.from({ length: elements }, (_, i) => i - 30.5);
  if (change !== undefined) all[change.at] = change.value;
  let at = 0;
  return encodeTensors(
    specs.map((spec) => {
      const length = spec.shape.reduce((a, b) => a * b, 1);
      at += length;
      return { ...spec, dtype: "F32", values: all.slice(at - length, at) };
    }),
  );
}

/** Feeds a blob in pieces whose sizes go round and round. */
function check(blob: Uint8Array, sizes: readonly number[], expected = specs, blobBytes?: number) {
  const checker = new UpdateChecker(expected, blobBytes);
  for (let at = 0, turn = 0; at < blob.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    checker.push(blob.subarray(at, at + size));
    at += size;
  }
  return checker.finish();
}

function refusalOf(action: () => unknown): AggregationError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof AggregationError, String(error));
    return error;
  }
  assert.fail("it was accepted");
}

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 5 });

describe("UpdateChecker", () => {
  it("accepts a good blob in pieces of any size", () => {
    const blob = blobWith();
    const { dataOffset, dataBytes } = readHeader(blob);
    fc.assert(
      fc.property(sizesArbitrary, (sizes) =>
        assert.deepEqual(check(blob, sizes, specs, blob.length), { dataOffset, dataBytes }),
      ),
    );
    assert.deepEqual(check(blob, [blob.length]), { dataOffset, dataBytes });
  });

  it("names the tensor and the place of the first value that is not finite, in pieces of any size", () => {
    const values = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(fc.nat(elements - 1), values, sizesArbitrary, (at, value, sizes) => {
        const error = refusalOf(() => check(blobWith({ at, value }), sizes));
        const [tensor, index] = at < 21 ? ["a", at] : at < 71 ? ["b", at - 21] : ["scalar", 0];
        assert.deepEqual([error.code, error.tensor, error.index], ["UPDATE_NOT_FINITE", tensor, index]);
        assert.ok(error.message.includes(String(value)), error.message);
      }),
    );
  });

  it("finds every pattern of bits that is not finite, and no other", () => {
    const spec: TensorSpec[] = [{ name: "w", dtype: "F32", shape: [1] }];
    const blob = encodeTensors([{ name: "w", dtype: "F32", shape: [1], values: new Float32Array(1) }]);
    const view = new DataView(blob.buffer, blob.length - 4);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(0xffffffff),
          fc.constantFrom(0x7f7fffff, 0x7f800000, 0x7f800001, 0xffffffff, 0x80000000),
        ),
        (bits) => {
          view.setUint32(0, bits, true);
          if (Number.isFinite(view.getFloat32(0, true))) check(blob, [5], spec);
          else assert.equal(refusalOf(() => check(blob, [5], spec)).code, "UPDATE_NOT_FINITE");
        },
      ),
    );
  });

  it("scans pieces larger than its own memory, at any alignment", () => {
    const length = 300_000;
    const spec: TensorSpec[] = [{ name: "w", dtype: "F32", shape: [length] }];
    const values = new Float32Array(length).fill(1);
    values[length - 2] = Number.NaN;
    const blob = encodeTensors([{ name: "w", dtype: "F32", shape: [length], values }]);
    for (const sizes of [[blob.length], [1, blob.length], [700_001], [262_144]]) {
      const error = refusalOf(() => check(blob, sizes, spec));
      assert.deepEqual([error.code, error.index], ["UPDATE_NOT_FINITE", length - 2]);
    }
  });

  it("keeps two blobs that arrive in turns apart", () => {
    const good = blobWith();
    const bad = blobWith({ at: 40, value: Number.NaN });
    const [first, second] = [new UpdateChecker(specs), new UpdateChecker(specs)];
    const failed = refusalOf(() => {
      for (let at = 0; at < good.length; at += 7) {
        first.push(good.subarray(at, at + 7));
        second.push(bad.subarray(at, at + 7));
      }
    });
    assert.equal(failed.tensor, "b");
    const rest = new UpdateChecker(specs);
    rest.push(good);
    rest.finish();
  });

  it("does not keep the piece that it was given", () => {
    const blob = blobWith();
    const checker = new UpdateChecker(specs);
    const piece = new Uint8Array(13);
    for (let at = 0; at < blob.length; at += piece.length) {
      const bytes = blob.subarray(at, at + piece.length);
      piece.set(bytes);
      checker.push(piece.subarray(0, bytes.length));
      piece.fill(0xff);
    }
    checker.finish();
  });

  it("refuses a blob that is too short or too long, wherever it ends", () => {
    const blob = blobWith();
    for (let length = 0; length < blob.length; length += 5) {
      assert.equal(refusalOf(() => check(blob.subarray(0, length), [11])).code, "UPDATE_MALFORMED");
    }
    const long = new Uint8Array(blob.length + 1);
    long.set(blob);
    assert.match(refusalOf(() => check(long, [64])).message, /too long/);
  });

  it("refuses by the header alone: another size than declared, another schema", () => {
    const blob = blobWith();
    const { dataOffset } = readHeader(blob);
    const declared = new UpdateChecker(specs, blob.length + 4);
    assert.match(refusalOf(() => declared.push(blob.subarray(0, dataOffset))).message, /were declared/);
    const other = new UpdateChecker(specs.slice(0, 3));
    const error = refusalOf(() => other.push(blob.subarray(0, dataOffset)));
    assert.deepEqual([error.code, error.tensor], ["UPDATE_SCHEMA_WRONG", "scalar"]);
    const huge = new UpdateChecker(specs);
    assert.match(refusalOf(() => huge.push(new Uint8Array(8).fill(0x7f))).message, /claims/);
  });

  it("stays refused", () => {
    const checker = new UpdateChecker(specs);
    const bad = blobWith({ at: 0, value: Number.NaN });
    const error = refusalOf(() => checker.push(bad));
    assert.equal(
      refusalOf(() => checker.push(new Uint8Array(0))),
      error,
    );
    assert.equal(
      refusalOf(() => checker.finish()),
      error,
    );
  });
});
