import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type MeanInput, type MeanOptions, WeightedMean } from "#aggregation/averaging/weighted-mean.js";
import { AggregationError } from "#aggregation/errors.js";
import { createJavaScriptKernels } from "#aggregation/kernels/javascript.js";
import { createKernels } from "#aggregation/kernels/kernels.js";

interface Update {
  readonly site: string;
  readonly weight: number;
  readonly values: Float32Array;
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Kernels whose memory is used again and again, full of what the mean before left there. */
const used = createKernels(1 << 16);
const reuse = () => used;

const inputOf = ({ weight, values }: Update): MeanInput => ({
  weight,
  read: (target, offset) => target.set(bytesOf(values).subarray(offset, offset + target.length)),
});

function meanOf(inputs: readonly MeanInput[], length: number, options?: MeanOptions): Float32Array {
  const values = new Float32Array(length).fill(Number.NaN);
  const mean = new WeightedMean(inputs, length * 4, options);
  // Backwards: the tiles may be asked for in any order.
  for (let index = mean.tiles - 1; index >= 0; index--)
    bytesOf(values).set(mean.tile(index), index * mean.tileBytes);
  return values;
}

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer)];

/** The definition: sums in float64 in the order of the inputs, one division, one rounding. */
function reference(updates: readonly Update[], length: number): Float32Array {
  const total = updates.reduce((sum, { weight }) => sum + weight, 0);
  return Float32Array.from(
    { length },
    (_, i) => updates.reduce((sum, { weight, values }) => sum + weight * (values[i] ?? 0), -0) / total,
  );
}

const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const updatesArbitrary = fc.integer({ min: 1, max: 70 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    updates: fc.uniqueArray(
      fc.record({
        site: fc.stringMatching(/^[a-z]{1,4}\/[a-z]{1,4}$/),
        weight: fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 50 })),
        values: fc
          .array(float, { minLength: length, maxLength: length })
          .map((values) => Float32Array.from(values)),
      }),
      { selector: (update) => update.site, minLength: 1, maxLength: 9 },
    ),
    tileBytes: fc.integer({ min: 1, max: 9 }).map((steps) => steps * 64),
  }),
);

describe("the weighted mean", () => {
  it("runs in WebAssembly here", () => assert.equal(createKernels(64).kind, "wasm"));

  it("is the float64 definition, bit for bit, in WebAssembly and in JavaScript, whatever the tile", () => {
    fc.assert(
      fc.property(updatesArbitrary, ({ length, updates, tileBytes }) => {
        const inputs = updates.map(inputOf);
        const expected = bits(reference(updates, length));
        assert.deepEqual(bits(meanOf(inputs, length, { tileBytes, kernels: reuse })), expected);
        assert.deepEqual(bits(meanOf(inputs, length)), expected);
        assert.deepEqual(
          bits(meanOf(inputs, length, { tileBytes, kernels: createJavaScriptKernels })),
          expected,
        );
      }),
    );
  });

  it("is the exact mean, rounded: checked with whole numbers of any size", () => {
    const integers = fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 1000 }),
        value: fc.integer({ min: -(2 ** 24), max: 2 ** 24 }),
      }),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    fc.assert(
      fc.property(integers, (rows) => {
        const updates = rows.map(({ weight, value }) => ({
          site: "",
          weight,
          values: Float32Array.of(value),
        }));
        const [mean] = meanOf(updates.map(inputOf), 1);
        const sum = rows.reduce((all, { weight, value }) => all + BigInt(weight) * BigInt(value), 0n);
        const total = rows.reduce((all, { weight }) => all + BigInt(weight), 0n);
        // Both fit into 53 bits, so the quotient is the exact one rounded.
        assert.equal(mean, Math.fround(Number(sum) / Number(total)) + 0);
      }),
    );
  });

  it("does not depend on the order of arrival once the caller has sorted", () => {
    const shuffled = updatesArbitrary.chain((given) =>
      fc.record({
        given: fc.constant(given),
        order: fc.shuffledSubarray(given.updates, { minLength: given.updates.length }),
      }),
    );
    const bySite = (updates: readonly Update[]) =>
      updates.toSorted((a, b) => (a.site < b.site ? -1 : 1)).map(inputOf);
    fc.assert(
      fc.property(shuffled, ({ given: { length, updates }, order }) => {
        assert.deepEqual(bits(meanOf(bySite(order), length)), bits(meanOf(bySite(updates), length)));
      }),
    );
  });

  it("gives one input back as it came, and the common value of equal inputs, whatever the weights", () => {
    const weights = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 9 })),
      { minLength: 1, maxLength: 8 },
    );
    const special = fc.constantFrom(
      -0,
      0,
      1.401298464324817e-45,
      -3.4028234663852886e38,
      3.4028234663852886e38,
    );
    fc.assert(
      fc.property(
        weights,
        fc.array(fc.oneof(float, special), { minLength: 1, maxLength: 40 }),
        (some, list) => {
          const values = Float32Array.from(list);
          const mean = meanOf(
            some.map((weight) => inputOf({ site: "", weight, values })),
            values.length,
          );
          assert.deepEqual(bits(mean), bits(values));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("needs memory for some tiles, whatever the size, and no more for many inputs than for sixteen", () => {
    const memories: number[] = [];
    const kernels = (memoryBytes: number) => {
      memories.push(memoryBytes);
      return createKernels(memoryBytes);
    };
    for (const [count, length] of [
      [16, 1e6],
      [16, 1e9],
      [128, 1e9],
    ] as const) {
      const inputs = Array.from({ length: count }, () => ({ weight: 1, read: () => assert.fail() }));
      assert.ok(new WeightedMean(inputs, length * 4, { kernels }).tiles > 0);
    }
    assert.equal(memories[0], memories[1]);
    for (const bytes of memories) assert.ok(bytes < 5e6, `${bytes}`);
  });

  it("ignores what an earlier tile left in the rest of the memory", () => {
    const values = Float32Array.from({ length: 17 }, (_, i) => (i < 16 ? 3e38 : 1));
    const mean = meanOf([inputOf({ site: "", weight: 3, values })], 17, { tileBytes: 64 });
    assert.deepEqual([...mean], [...values]);
  });

  it("has no tiles for no values", () => {
    assert.equal(new WeightedMean([{ weight: 1, read: () => assert.fail() }], 0).tiles, 0);
  });

  it("passes errors of reading on", () => {
    const fail = () => {
      throw new Error("gone");
    };
    assert.throws(() => meanOf([{ weight: 1, read: fail }], 4), /gone/);
  });

  it("refuses weights, sizes and tiles that make no mean", () => {
    const refused = (inputs: readonly number[], totalBytes: number, options?: MeanOptions) =>
      assert.throws(
        () =>
          new WeightedMean(
            inputs.map((weight) => ({ weight, read: () => undefined })),
            totalBytes,
            options,
          ),
        (error) => error instanceof AggregationError && error.code === "ARGUMENT_INVALID",
      );
    refused([], 4);
    refused([0, 0], 4);
    refused([1, -1], 4);
    refused([Number.NaN], 4);
    refused([Number.POSITIVE_INFINITY], 4);
    refused([1], 3);
    refused([1], -4);
    refused([1], 4, { tileBytes: 8 });
    refused([1], 4, { tileBytes: 0 });
  });
});
