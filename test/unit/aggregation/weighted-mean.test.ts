import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type MeanInput, type MeanOptions, weightedMean } from "#aggregation/averaging/weighted-mean.js";
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

async function meanOf(
  inputs: readonly MeanInput[],
  length: number,
  options?: MeanOptions,
): Promise<Float32Array> {
  const mean = new Float32Array(length).fill(Number.NaN);
  await weightedMean(inputs, length * 4, (tile, offset) => bytesOf(mean).set(tile, offset), options);
  return mean;
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
    tileBytes: fc.integer({ min: 1, max: 9 }).map((steps) => steps * 32),
  }),
);

describe("weightedMean", () => {
  it("runs in WebAssembly here", () => assert.equal(createKernels(64).kind, "wasm"));

  it("is the float64 definition, bit for bit, in WebAssembly and in JavaScript, whatever the tile", async () => {
    await fc.assert(
      fc.asyncProperty(updatesArbitrary, async ({ length, updates, tileBytes }) => {
        const inputs = updates.map(inputOf);
        const expected = bits(reference(updates, length));
        assert.deepEqual(bits(await meanOf(inputs, length, { tileBytes, kernels: reuse })), expected);
        assert.deepEqual(bits(await meanOf(inputs, length)), expected);
        assert.deepEqual(
          bits(await meanOf(inputs, length, { tileBytes, kernels: createJavaScriptKernels })),
          expected,
        );
      }),
    );
  });

  it("is the exact mean, rounded: checked with whole numbers of any size", async () => {
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
    await fc.assert(
      fc.asyncProperty(integers, async (rows) => {
        const updates = rows.map(({ weight, value }) => ({
          site: "",
          weight,
          values: Float32Array.of(value),
        }));
        const [mean] = await meanOf(updates.map(inputOf), 1);
        const sum = rows.reduce((all, { weight, value }) => all + BigInt(weight) * BigInt(value), 0n);
        const total = rows.reduce((all, { weight }) => all + BigInt(weight), 0n);
        // Both fit into 53 bits, so the quotient is the exact one rounded.
        assert.equal(mean, Math.fround(Number(sum) / Number(total)) + 0);
      }),
    );
  });

  it("does not depend on the order of arrival once the caller has sorted", async () => {
    const shuffled = updatesArbitrary.chain((given) =>
      fc.record({
        given: fc.constant(given),
        order: fc.shuffledSubarray(given.updates, { minLength: given.updates.length }),
      }),
    );
    const bySite = (updates: readonly Update[]) =>
      updates.toSorted((a, b) => (a.site < b.site ? -1 : 1)).map(inputOf);
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ given: { length, updates }, order }) => {
        assert.deepEqual(
          bits(await meanOf(bySite(order), length)),
          bits(await meanOf(bySite(updates), length)),
        );
      }),
    );
  });

  it("gives one input back as it came, and the common value of equal inputs, whatever the weights", async () => {
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
    await fc.assert(
      fc.asyncProperty(
        weights,
        fc.array(fc.oneof(float, special), { minLength: 1, maxLength: 40 }),
        async (some, list) => {
          const values = Float32Array.from(list);
          const mean = await meanOf(
            some.map((weight) => inputOf({ site: "", weight, values })),
            values.length,
          );
          assert.deepEqual(bits(mean), bits(values));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("reads asynchronously too, with the same bits", async () => {
    await fc.assert(
      fc.asyncProperty(updatesArbitrary, async ({ length, updates, tileBytes }) => {
        const inputs = updates.map(inputOf).map(
          (input, place): MeanInput => ({
            weight: input.weight,
            read: async (target, offset) => {
              for (let turn = 0; turn < place % 3; turn++) await Promise.resolve();
              await input.read(target, offset);
            },
          }),
        );
        const mixed = updates.map((update, place) =>
          place % 2 === 0 ? inputOf(update) : (inputs[place] ?? inputOf(update)),
        );
        const expected = bits(reference(updates, length));
        assert.deepEqual(bits(await meanOf(inputs, length, { tileBytes, kernels: reuse })), expected);
        assert.deepEqual(bits(await meanOf(mixed, length, { tileBytes, kernels: reuse })), expected);
      }),
      { numRuns: 50 },
    );
  });

  it("uses the same memory for two inputs and for many, whatever the size", async () => {
    const memories: number[] = [];
    const kernels = (memoryBytes: number) => {
      memories.push(memoryBytes);
      return createKernels(memoryBytes);
    };
    const zeros = inputOf({ site: "", weight: 1, values: new Float32Array(100_000) });
    await meanOf([zeros, zeros], 50_000, { tileBytes: 1024, kernels });
    await meanOf(Array(40).fill(zeros) as MeanInput[], 100_000, { tileBytes: 1024, kernels });
    assert.deepEqual(memories, [4096, 4096]);
  });

  it("ignores what an earlier tile left in the rest of the memory", async () => {
    const values = Float32Array.from({ length: 17 }, (_, i) => (i < 16 ? 3e38 : 1));
    const mean = await meanOf([inputOf({ site: "", weight: 3, values })], 17, { tileBytes: 64 });
    assert.deepEqual([...mean], [...values]);
  });

  it("gives no bytes for no values", async () => {
    await weightedMean([{ weight: 1, read: () => assert.fail() }], 0, () => assert.fail());
  });

  it("passes errors of reading and writing on, and leaves none behind", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const fail = (message: string): MeanInput => ({
        weight: 1,
        read: () => Promise.reject(new Error(message)),
      });
      const failAtOnce: MeanInput = {
        weight: 1,
        read: () => {
          throw new Error("at once");
        },
      };
      await assert.rejects(meanOf([fail("first"), fail("second")], 4), /first/);
      await assert.rejects(meanOf([fail("first"), failAtOnce], 4), /first|at once/);
      await assert.rejects(meanOf([failAtOnce, fail("second")], 4), /at once/);
      const full = () => Promise.reject(new Error("disk full"));
      await assert.rejects(weightedMean([{ weight: 1, read: () => undefined }], 4, full), /disk full/);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(unhandled, []);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  it("refuses weights, sizes and tiles that make no mean", async () => {
    const refused = (inputs: readonly number[], totalBytes: number, options?: MeanOptions) =>
      assert.rejects(
        weightedMean(
          inputs.map((weight) => ({ weight, read: () => undefined })),
          totalBytes,
          () => undefined,
          options,
        ),
        (error) => error instanceof AggregationError && error.code === "ARGUMENT_INVALID",
      );
    await refused([], 4);
    await refused([0, 0], 4);
    await refused([1, -1], 4);
    await refused([Number.NaN], 4);
    await refused([Number.POSITIVE_INFINITY], 4);
    await refused([1], 3);
    await refused([1], -4);
    await refused([1], 4, { tileBytes: 8 });
    await refused([1], 4, { tileBytes: 0 });
  });
});
