import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { metricColumns } from "#cli/render/format.js";
import { renderQuery } from "#cli/render/query.js";
import { renderOutput } from "#cli/render/run.js";

const histogram = {
  what: "histogram",
  column: "age",
  count: 40,
  edges: [0, 50, 100],
  counts: [12, null],
  below: 0,
  above: 8,
};
const mean = (count: number | null, value: number | null, more: object = {}) => ({
  what: "mean",
  column: "chol",
  count,
  value,
  ...more,
});
const few = { suppressed: 2, atLeast: true };

describe("the output of a query", () => {
  it("is a table of its cells, the others and all, and one for each histogram", () => {
    const cells = [
      {
        groups: { sex: "f", cp: "1" },
        count: 97,
        statistics: [mean(90, 245.25), { what: "count", column: "n", count: 9 }],
      },
      {
        groups: { sex: "m", cp: "1" },
        count: 1206,
        ...few,
        statistics: [mean(null, null, few), { what: "count", column: "n", count: null, ...few }],
      },
    ];
    const output = {
      cells,
      outside: { count: null, ...few },
      totals: {
        count: 1303,
        ...few,
        statistics: [mean(90, 245.25), { what: "count", column: "n", count: 9, ...few }, histogram],
      },
      sites: ["acme/a"],
      left: [],
    };
    assert.deepEqual(renderQuery(output)?.split("\n"), [
      "sex       cp    COUNT  MEAN chol  COUNT n",
      "f         1        97   245.2500        9",
      "m         1   ≥ 1,206          -        ?",
      "(others)            ?",
      "(all)         ≥ 1,303   245.2500      ≥ 9",
      "",
      "age        COUNT",
      "0 to 50       12",
      "50 to 100      ?",
      "above 100      8",
      "",
      "(all) counts the (others) too; its further columns are of the rows in the groups above.",
      "≥ and ?: some sites keep to themselves what too few rows stand behind.",
    ]);
  });

  it("is one line without groups, and says nothing of what is whole", () => {
    const output = { totals: { count: 40, statistics: [mean(40, 1)] }, sites: [], left: [] };
    assert.deepEqual(renderQuery(output)?.split("\n"), ["COUNT  MEAN chol", "   40          1"]);
    assert.equal(renderOutput(JSON.stringify(output)), renderQuery(output));
  });

  it("says what is missing of a histogram, even where all rows are counted", () => {
    const hidden = { counts: [0, 1], below: 0, above: 1 };
    const output = { totals: { count: 40, statistics: [{ ...histogram, hidden }] }, sites: [], left: [] };
    assert.match(renderQuery(output) ?? "", /\?\nabove 100 +≥ 8\n\n≥ and \?: some sites keep to themselves/);
  });

  it("marks bins, sums and means that lack the rows of some site", () => {
    const bins = { ...histogram, counts: [12, 5], hidden: { counts: [1, 0], below: 2, above: 0 } };
    const sum = { what: "sum", column: "chol", count: null, value: 7792.8, ...few };
    const totals = { count: 40, statistics: [mean(36, 53.5, few), sum, bins] };
    assert.deepEqual(renderQuery({ totals, sites: [], left: [] })?.split("\n"), [
      "COUNT  MEAN chol    SUM chol",
      "   40   53.5000*  7792.8000*",
      "",
      "age        COUNT",
      "below 0      ≥ 0",
      "0 to 50     ≥ 12",
      "50 to 100      5",
      "above 100      8",
      "",
      "≥ and ?: some sites keep to themselves what too few rows stand behind.",
      "*: of the rows of those sites only that have told theirs.",
    ]);
  });

  it("is no other output", () => {
    for (const other of [
      null,
      3,
      "text",
      [],
      {},
      { totals: 3, sites: [] },
      { totals: { count: 3 }, sites: ["a"] },
    ])
      assert.equal(renderQuery(other), undefined);
    assert.equal(renderOutput('{"a":1}'), '{\n  "a": 1\n}');
  });
});

describe("the figures of rounds", () => {
  it("have a column where there are some", () => {
    const titles = (...metrics: Record<string, number>[]) =>
      metricColumns(metrics.map((of) => ({ metrics: of }))).map(({ title }) => title);
    assert.deepEqual(titles({}, { loss: 1 }), ["LOSS"]);
    assert.deepEqual(titles({ loss: 1, accuracy: 1, other: 2 }), ["LOSS", "ACCURACY"]);
    assert.deepEqual(titles({}), []);
  });
});
