import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { foldHere } from "#hub/fold/here.js";
import type { FoldJob } from "#hub/fold/job.js";
import { FoldPool } from "#hub/fold/pool.js";
import type { Json } from "#kernel/json.js";
import { answerOf, jobOf } from "#test/support/folds.js";

const summing = (...values: readonly Json[]): FoldJob =>
  jobOf({
    folder: "value.sum",
    outPath: "/nowhere/out",
    answers: values.map((value) => ({ ...answerOf({ inline: new Uint8Array() }), bytes: undefined, value })),
  });

describe("the sum of values", () => {
  const pool = new FoldPool();
  after(() => pool.close());

  it("adds lists place by place and keeps what rounding takes, the same here and in the pool", async () => {
    const job = summing([1, 0.1, 1e100], [2, 0.2, 1], [-3, 0.3, -1e100]);
    const done = { blobs: {}, figures: {}, value: [0, 0.6, 1] };
    assert.deepEqual(foldHere(job), done);
    assert.deepEqual(await pool.fold(job), done);
  });

  it("is nothing of no answers, and the answer itself of one", () => {
    assert.deepEqual(foldHere(summing()).value, []);
    assert.deepEqual(foldHere(summing([4, -0])).value, [4, 0]);
  });

  it("refuses what is no list of numbers of one length, and a sum that float64 does not hold", () => {
    const wrong = { code: "ARGUMENT_INVALID" };
    assert.throws(() => foldHere(summing([1], null)), {
      ...wrong,
      message: /answer 1 is no list of numbers/,
    });
    assert.throws(() => foldHere(summing(["1"])), wrong);
    assert.throws(() => foldHere(summing([1], [1, 2])), {
      ...wrong,
      message: /1 has 2 numbers, the first one 1/,
    });
    assert.throws(() => foldHere(summing([0, 1e308], [0, 1e308])), {
      code: "FOLD_OVERFLOW",
      message: /place 1/,
    });
  });
});
