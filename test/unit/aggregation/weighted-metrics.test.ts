import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { AggregationError } from "#aggregation/errors.js";
import { weightedMetrics } from "#aggregation/statistics/weighted.js";

describe("weightedMetrics", () => {
  it("weighs each metric by samples", () => {
    const rows = [
      { samples: 100, metrics: { accuracy: 0.9, loss: 0.5 } },
      { samples: 300, metrics: { accuracy: 0.7, loss: 0.1 } },
    ];
    assert.deepEqual(weightedMetrics(rows), { accuracy: (90 + 210) / 400, loss: (50 + 30) / 400 });
  });

  it("leaves out a metric that a site lacks, and a site without samples", () => {
    const rows = [
      { samples: 1, metrics: { loss: 1, extra: 5 } },
      { samples: 3, metrics: { loss: 2 } },
      { samples: 0, metrics: { other: 9 } },
    ];
    assert.deepEqual(weightedMetrics(rows), { loss: 7 / 4 });
    assert.deepEqual(weightedMetrics([]), {});
    assert.deepEqual(weightedMetrics([{ samples: 0, metrics: { loss: 1 } }]), {});
  });

  it("lies between the least and the greatest", () => {
    const rows = fc.array(
      fc.record({
        samples: fc.integer({ min: 1, max: 1e6 }),
        metrics: fc.record({ loss: fc.double({ min: 0, max: 100, noNaN: true }) }),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(rows, (given) => {
        const losses = given.map(({ metrics }) => metrics.loss);
        const mean = weightedMetrics(given)["loss"] ?? Number.NaN;
        assert.ok(mean >= Math.min(...losses) - 1e-9 && mean <= Math.max(...losses) + 1e-9);
      }),
    );
  });

  it("treats hostile names as names", () => {
    const metrics = JSON.parse('{"__proto__":3,"constructor":4}') as Record<string, number>;
    const result = weightedMetrics([{ samples: 2, metrics }]);
    assert.deepEqual(Object.entries(result), [
      ["__proto__", 3],
      ["constructor", 4],
    ]);
    assert.deepEqual(
      weightedMetrics([
        { samples: 2, metrics: { toString: 1 } },
        { samples: 1, metrics: {} },
      ]),
      {},
    );
  });

  it("refuses numbers that are not finite, and says whose", () => {
    const refused = (samples: number, loss: number) =>
      assert.throws(
        () =>
          weightedMetrics([
            { samples: 1, metrics: { loss: 1 } },
            { samples, metrics: { loss } },
          ]),
        (error) =>
          error instanceof AggregationError && error.code === "ARGUMENT_INVALID" && error.index === 1,
      );
    refused(1, Number.NaN);
    refused(1, Number.POSITIVE_INFINITY);
    refused(-1, 1);
    refused(Number.NaN, 1);
  });
});
