import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { Sums } from "#aggregation/statistics/sums.js";
import { exact, exactSum } from "#test/support/exact.js";

function sumOf(values: readonly number[]): number {
  const sums = new Sums(1);
  for (const value of values) sums.add(0, value);
  return sums.at(0);
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

describe("sums that keep what rounding takes", () => {
  it("hold what a plain sum loses", () => {
    assert.equal(sumOf([1, 1e100, 1, -1e100]), 2);
    assert.equal(sumOf(Array.from({ length: 10 }, () => 0.1)), 1);
    assert.equal(sumOf([2 ** 53, 1, 1]), 2 ** 53 + 2);
  });

  it("are right to one rounding and a part of the terms that nobody sees, for any numbers", () => {
    const number = fc.double({ noNaN: true, min: -1e200, max: 1e200 });
    fc.assert(
      fc.property(fc.array(number, { maxLength: 200 }), (values) => {
        const error = abs(exact(sumOf(values)) - exactSum(values));
        const n = BigInt(values.length);
        // |error| <= u |S| + n^2 u^2 sum |x|, u = 2^-53 (Neumaier 1974); a last 1 for the smallest numbers of all.
        const terms = values.reduce((sum, value) => sum + abs(exact(value)), 0n);
        assert.ok(error <= (abs(exactSum(values)) >> 52n) + ((n * n * terms) >> 104n) + 1n);
      }),
    );
  });

  it("add up whole numbers exactly, in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { maxLength: 100 }), (values) => {
        const sum = Number(values.reduce((all, value) => all + BigInt(value), 0n));
        assert.equal(sumOf(values), sum + 0);
        assert.equal(sumOf(values.toReversed()), sum + 0);
      }),
    );
  });

  it("do not mix their places", () => {
    const sums = new Sums(2);
    sums.add(1, 5);
    sums.add(0, 3);
    sums.add(1, 0.5);
    assert.deepEqual([sums.at(0), sums.at(1)], [3, 5.5]);
  });

  it("are no finite number once they are too large", () => {
    assert.ok(!Number.isFinite(sumOf([1e308, 1e308])));
    assert.ok(!Number.isFinite(sumOf([1e308, 1e308, -1e308])));
  });
});
