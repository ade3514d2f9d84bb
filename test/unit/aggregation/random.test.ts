import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import { type Random, seeded } from "#aggregation/random/random.js";

const draw = (count: number, next: () => number) => Array.from({ length: count }, next);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const variance = (values: readonly number[]) => {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
};
/** Fails when a mean lies further off than five standard errors: with fixed seeds, it never fails by chance. */
function near(values: readonly number[], expected: number): void {
  const error = Math.sqrt(variance(values) / values.length);
  assert.ok(
    Math.abs(mean(values) - expected) < 5 * error,
    `${mean(values)} is not near ${expected} (±${error})`,
  );
}

describe("Random", () => {
  it("gives the numbers of the reference algorithms", () => {
    // From a second implementation, checked against the published values of FNV-1a, splitmix64 and xoshiro128**.
    assert.deepEqual(
      draw(5, numbersOf(seeded("test", 1))),
      [2236830863, 4178798754, 832953618, 3309885028, 83400562],
    );
    assert.deepEqual(
      draw(5, numbersOf(seeded("é", "x"))),
      [3366184346, 2065188089, 140236867, 3199810614, 3910972186],
    );
  });

  it("gives the same numbers for the same seed, and others for another", () => {
    const first = (random: Random) => draw(4, numbersOf(random));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 }),
        fc.string(),
        (seed, label) => {
          assert.deepEqual(first(seeded(...seed)), first(seeded(...seed)));
          assert.notDeepEqual(first(seeded(...seed)), first(seeded(...seed, label)));
          assert.deepEqual(first(seeded(...seed).fork(label)), first(seeded(...seed, label)));
        },
      ),
    );
    assert.notDeepEqual(first(seeded("a", "b")), first(seeded("ab")));
    assert.notDeepEqual(first(seeded(1)), first(seeded("1")));
  });

  it("forks by the label alone, whatever was drawn before, and leaves its own numbers alone", () => {
    const [one, two] = [seeded("x"), seeded("x")];
    one.uniform();
    assert.equal(one.fork("a").uint32(), two.fork("a").uint32());
    two.uniform();
    assert.equal(one.uint32(), two.uint32());
  });

  it("draws uniform numbers from 0 to below 1", () => {
    const random = seeded("uniform");
    const values = draw(50_000, () => random.uniform());
    assert.ok(values.every((value) => value >= 0 && value < 1));
    near(values, 1 / 2);
    near(
      values.map((value) => value ** 2),
      1 / 3,
    );
    near(
      values.slice(1).map((value, i) => value * (values[i] ?? 0)),
      1 / 4,
    );
  });

  it("draws whole numbers without bias", () => {
    const random = seeded("integer");
    for (const n of [1, 2, 3, 7, 10]) {
      const counts = Array<number>(n).fill(0);
      for (let i = 0; i < 20_000; i++) {
        const drawn = random.integer(n);
        counts[drawn] = (counts[drawn] ?? 0) + 1;
      }
      const expected = 20_000 / n;
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      assert.ok(chiSquare < n + 6 * Math.sqrt(2 * n), `n ${n}: chi square ${chiSquare}`);
    }
    // A plain remainder would give the lower half twice as often here.
    const n = 3 * 2 ** 30;
    near(
      draw(20_000, () => (random.integer(n) < n / 3 ? 1 : 0)),
      1 / 3,
    );
    assert.ok(random.integer(2 ** 32) < 2 ** 32);
  });

  it("draws from the normal and the gamma distribution", () => {
    const random = seeded("shapes");
    const normals = draw(50_000, () => random.normal());
    near(normals, 0);
    near(
      normals.map((value) => value ** 2),
      1,
    );
    near(
      normals.map((value) => value ** 4),
      3,
    );
    for (const shape of [0.1, 0.5, 1, 2.5, 30]) {
      const gammas = draw(40_000, () => random.gamma(shape));
      assert.ok(gammas.every((value) => value >= 0 && Number.isFinite(value)));
      near(gammas, shape);
      near(
        gammas.map((value) => (value - shape) ** 2),
        shape,
      );
    }
  });

  it("draws shares that sum to 1, however small alpha is", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(),
        (alpha, n, seed) => {
          const shares = seeded(seed).dirichlet(alpha, n);
          assert.equal(shares.length, n);
          assert.ok(shares.every((share) => share >= 0 && share <= 1));
          assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-9);
        },
      ),
    );
    const random = seeded("dirichlet");
    const firsts = draw(20_000, () => random.dirichlet(0.5, 4)[0] ?? 0);
    near(firsts, 1 / 4);
    // Var = a(A - a) / (A^2 (A + 1)) with a = 0.5 and A = 2.
    near(
      firsts.map((share) => (share - 1 / 4) ** 2),
      0.75 / 12,
    );
  });

  it("shuffles in place, and each order is equally likely", () => {
    const random = seeded("shuffle");
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.shuffle(["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const count of counts.values())
      assert.ok(Math.abs(count - 2000) < 5 * Math.sqrt(2000), String(count));
    const rows = Uint32Array.from({ length: 100 }, (_, i) => i);
    assert.equal(random.shuffle(rows), rows);
    assert.deepEqual(
      [...rows].sort((a, b) => a - b),
      draw(100, countUp()),
    );
  });

  it("refuses what has no meaning", () => {
    const refused = (action: () => unknown) =>
      assert.throws(
        action,
        (error) => error instanceof AggregationError && error.code === "ARGUMENT_INVALID",
      );
    const random = seeded(1);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) refused(() => random.integer(n));
    for (const shape of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) refused(() => random.gamma(shape));
    refused(() => random.dirichlet(1, 0));
    refused(() => random.dirichlet(0, 3));
  });
});

function numbersOf(random: Random): () => number {
  return () => random.uint32();
}

function countUp(): () => number {
  let next = 0;
  return () => next++;
}
