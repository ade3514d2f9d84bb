import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { after, describe, it } from "mocha";
import { type AnyTensor, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { foldHere } from "#hub/fold/here.js";
import type { FoldJob } from "#hub/fold/job.js";
import { FoldPool } from "#hub/fold/pool.js";
import { mostSumValues } from "#hub/fold/sum-folder.js";
import { hashBytes } from "#kernel/files.js";
import { temporaryFolders } from "#test/support/folders.js";
import { answerOf, bytesOf, jobOf, outputOf } from "#test/support/folds.js";

type Ints = readonly (readonly bigint[])[];

const shapeOf = (n: number) => ({ name: "counts", shape: [n] });
const i64 = (values: readonly bigint[]): AnyTensor => ({
  ...shapeOf(values.length),
  dtype: "I64",
  values: BigInt64Array.from(values),
});
const i32 = (values: readonly number[]): AnyTensor => ({
  ...shapeOf(values.length),
  dtype: "I32",
  values: Int32Array.from(values),
});
const f64 = (values: readonly number[]): AnyTensor => ({
  ...shapeOf(values.length),
  dtype: "F64",
  values: Float64Array.from(values),
});

/** A sum of answers that have these tensors. */
function summing(answers: readonly (readonly AnyTensor[])[], outPath = "/nowhere/out"): FoldJob {
  const [first = []] = answers;
  const sum = first.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const inputs = answers.map((tensors) => answerOf({ inline: encodeTensors(tensors) }));
  return jobOf({ folder: "sum", groups: { sum }, answers: inputs, outPath });
}

const valueOf = (job: FoldJob) => foldHere(job).value;
const rows = <T>(value: fc.Arbitrary<T>) =>
  fc
    .integer({ min: 1, max: 9 })
    .chain((n) => fc.array(fc.array(value, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 7 }));

describe("the exact sum", () => {
  const folder = temporaryFolders();
  const pool = new FoldPool();
  after(() => pool.close());

  it("adds whole numbers exactly, in any order, or refuses", () => {
    const value = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n }),
    );
    const sumsOf = (all: Ints) =>
      all[0]?.map((_, i) => all.reduce((sum, one) => sum + (one[i] ?? 0n), 0n)) ?? [];
    fc.assert(
      fc.property(rows(value), (all) => {
        const sums = sumsOf(all);
        const job = summing(all.map((one) => [i64(one)]));
        const safe = sums.every((sum) => sum >= -(2n ** 53n) + 1n && sum <= 2n ** 53n - 1n);
        if (safe) assert.deepEqual(valueOf(job), sums.map(Number));
        else assert.throws(() => foldHere(job), { code: "FOLD_OVERFLOW" });
        const back = { ...job, answers: job.answers.toReversed() };
        if (safe) assert.deepEqual(valueOf(back), sums.map(Number));
      }),
      { numRuns: 500 },
    );
    assert.deepEqual(valueOf(summing([[i64([2n ** 62n])], [i64([2n ** 62n])], [i64([-(2n ** 63n)])]])), [0]);
  });

  it("adds 32 bit numbers beyond 32 bits", () => {
    const value = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(rows(value), (all) => {
        const sums = all[0]?.map((_, i) => all.reduce((sum, one) => sum + (one[i] ?? 0), 0) + 0);
        assert.deepEqual(valueOf(summing(all.map((one) => [i32(one)]))), sums);
      }),
    );
  });

  it("says which sum it refuses, and keeps to 64 bits in a blob", async () => {
    const odd = 2n ** 53n + 1n;
    const job = summing([[i64([1n, odd])], [i64([1n, 0n])]]);
    assert.throws(() => foldHere(job), {
      code: "FOLD_OVERFLOW",
      message: /sum of tensor "counts" at place 1 \(from 0\) is 9007199254740993: beyond 2\^53/,
    });
    const many = Array<bigint>(mostSumValues).fill(7n);
    const outPath = join(await folder(), "out");
    const large = summing([[i64([odd, ...many])], [i64([0n, ...many])]], outPath);
    const [sum] = outputOf(await pool.fold(large), "sum");
    assert.deepEqual([sum?.dtype, sum?.values[0], sum?.values[1]], ["I64", odd, 14n]);
    const over = summing([[i64([2n ** 62n, ...many])], [i64([2n ** 62n, ...many])]], outPath);
    await assert.rejects(pool.fold(over), {
      code: "FOLD_OVERFLOW",
      message: 'Tensor "counts" would hold a number at place 0 (from 0) that I64 cannot.',
    });
  });

  it("adds floating numbers in float64, in the order of the answers", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(rows(value), (all) => {
        const sums = all[0]?.map((_, i) => all.reduce((sum, one) => sum + (one[i] ?? 0), 0));
        const job = summing(all.map((one) => [f64(one)]));
        if (sums?.every(Number.isFinite) === true) assert.deepEqual(valueOf(job), sums);
        else assert.throws(() => foldHere(job), { code: "FOLD_OVERFLOW" });
      }),
      { numRuns: 300 },
    );
    assert.deepEqual(valueOf(summing([[f64([1e16])], [f64([1])], [f64([-1e16])]])), [0]);
    assert.deepEqual(valueOf(summing([[f64([-0])], [f64([-0])]])), [0], "as it comes back from a row");
  });

  it("adds tensors of any types, one after the other, of the group that it is for", () => {
    const tensors = (k: number): AnyTensor[] => [
      { name: "w", dtype: "F32", shape: [3], values: Float32Array.of(9, 9, 9) },
      { name: "sum/a", dtype: "BF16", shape: [1], values: Uint16Array.of(0x3f80) },
      { name: "sum/b", dtype: "I32", shape: [2], values: Int32Array.of(k, -k) },
      { name: "sum/none", dtype: "F64", shape: [0], values: new Float64Array(0) },
      { name: "sum/c", dtype: "F32", shape: [], values: Float32Array.of(k / 2) },
    ];
    const job = jobOf({
      folder: "sum",
      groups: {
        model: [{ name: "w", dtype: "F32", shape: [3] }],
        sum: tensors(0)
          .slice(1)
          .map(({ name, dtype, shape }) => ({ name: name.slice(4), dtype, shape })),
      },
      answers: [1, 2].map((k) => answerOf({ inline: encodeTensors(tensors(k)) })),
      outPath: "",
    });
    assert.deepEqual(valueOf(job), [2, 3, -3, 1.5]);
    assert.throws(() => foldHere({ ...job, groups: {} }), /have no tensors "sum"/);
    const [first] = job.answers;
    const empty = { ...job, answers: [{ ...(first ?? assert.fail()), bytes: undefined }] };
    assert.throws(() => foldHere(empty), /Answer 0 of the sum has no tensors/);
    assert.deepEqual(valueOf({ ...job, answers: [] }), [0, 0, 0, 0]);
  });

  it("is the same in threads, and large sums come as a blob", async () => {
    const directory = await folder();
    const length = 700_000;
    const answers = [1, 2, 3].map((k) => [f64(Array.from({ length }, (_, i) => (i % 97) / k))]);
    const job = summing(answers, join(directory, "pool"));
    const { blobs, value } = await pool.fold(job);
    assert.equal(value, null);
    const here = foldHere({ ...job, outPath: join(directory, "here") });
    assert.equal(blobs["sum"]?.sha256, here.blobs["sum"]?.sha256);
    assert.equal(hashBytes(bytesOf(blobs["sum"])), blobs["sum"]?.sha256);
    const at = 5 * 97 + 3;
    assert.equal(outputOf(here, "sum")[0]?.values[at], 3 + 3 / 2 + 3 / 3);
  });
});
