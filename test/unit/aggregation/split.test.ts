import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import { seeded } from "#aggregation/random/random.js";
import { type Split, splitRows } from "#aggregation/splits/split.js";

const howArbitrary: fc.Arbitrary<Split> = fc.oneof(
  fc.constant({ kind: "iid" as const }),
  fc.record({
    kind: fc.constant("dirichlet" as const),
    alpha: fc.double({ min: 0.001, max: 100, noNaN: true }),
  }),
  fc.record({ kind: fc.constant("shards" as const), perSite: fc.integer({ min: 1, max: 3 }) }),
);

/** 10 labels, `each` rows of each, in turns. */
const digits = (each: number) => Uint8Array.from({ length: each * 10 }, (_, i) => i % 10);

/** How many rows of each of 10 labels a site has. */
function countsOf(rows: Uint32Array, labels: ArrayLike<number>): number[] {
  const counts = Array<number>(10).fill(0);
  for (const row of rows) {
    const label = labels[row] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

describe("splitRows", () => {
  it("gives every row to exactly one site, leaves none empty, and is decided by the seed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 24, maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        howArbitrary,
        fc.nat(),
        (labels, sites, how, seed) => {
          const parts = splitRows(labels, sites, how, seeded("split", seed));
          assert.equal(parts.length, sites);
          assert.ok(parts.every((rows) => rows.length > 0));
          assert.deepEqual(
            parts.flatMap((rows) => [...rows]).sort((a, b) => a - b),
            [...labels.keys()],
          );
          assert.deepEqual(splitRows(labels, sites, how, seeded("split", seed)), parts);
        },
      ),
    );
  });

  it("gives equal numbers of rows, in random order, with iid and shards", () => {
    const labels = digits(100);
    for (const how of [{ kind: "iid" }, { kind: "shards", perSite: 2 }] as const) {
      const parts = splitRows(labels, 7, how, seeded(1));
      for (const rows of parts) {
        assert.ok(Math.abs(rows.length - 1000 / 7) <= 2, String(rows.length));
        assert.notDeepEqual(
          [...rows],
          [...rows].sort((a, b) => a - b),
        );
      }
    }
    assert.notDeepEqual(
      splitRows(labels, 7, { kind: "iid" }, seeded(1)),
      splitRows(labels, 7, { kind: "iid" }, seeded(2)),
    );
  });

  it("gives each site few labels with shards", () => {
    const labels = digits(60);
    for (const rows of splitRows(labels, 5, { kind: "shards", perSite: 2 }, seeded("s"))) {
      assert.equal(countsOf(rows, labels).filter((count) => count > 0).length, 2);
    }
  });

  it("gives mixtures that differ the more, the smaller alpha is", () => {
    const labels = digits(500);
    const spread = (alpha: number) => {
      const parts = splitRows(labels, 5, { kind: "dirichlet", alpha }, seeded("spread"));
      return (
        parts
          .flatMap((rows) => countsOf(rows, labels).map((count) => (count - 100) ** 2))
          .reduce((a, b) => a + b, 0) / 50
      );
    };
    // Var of a share is (K-1) / (K^2 (K alpha + 1)), here times 500^2.
    for (const alpha of [0.1, 0.5, 5, 100]) {
      const expected = (500 ** 2 * 4) / 25 / (5 * alpha + 1);
      assert.ok(
        spread(alpha) > expected / 2 && spread(alpha) < expected * 2,
        `alpha ${alpha}: ${spread(alpha)}, not ${expected}`,
      );
    }
  });

  it("gives training and test rows the same mixtures for the same seed", () => {
    const [train, test] = [digits(500), digits(100)];
    for (const how of [
      { kind: "dirichlet", alpha: 0.5 },
      { kind: "shards", perSite: 2 },
    ] as const) {
      const trainParts = splitRows(train, 5, how, seeded("split", 3));
      const testParts = splitRows(test, 5, how, seeded("split", 3));
      for (const [site, rows] of testParts.entries()) {
        const expected = countsOf(trainParts[site] ?? new Uint32Array(), train).map((count) => count / 5);
        for (const [label, count] of countsOf(rows, test).entries()) {
          assert.ok(Math.abs(count - (expected[label] ?? 0)) <= 1, `site ${site} label ${label}`);
        }
      }
    }
  });

  it("refuses what cannot be split", () => {
    const refused = (labels: number[], sites: number, how: Split) =>
      assert.throws(
        () => splitRows(labels, sites, how, seeded(1)),
        (error) => error instanceof AggregationError && error.code === "ARGUMENT_INVALID",
      );
    refused([1, 2], 3, { kind: "iid" });
    refused([1, 2], 0, { kind: "iid" });
    refused([1, 2], 1.5, { kind: "iid" });
    refused([1, 2, 3], 2, { kind: "shards", perSite: 2 });
    refused([1, 2, 3], 2, { kind: "shards", perSite: 0 });
    refused([1, 2, 3], 2, { kind: "dirichlet", alpha: 0 });
  });
});
