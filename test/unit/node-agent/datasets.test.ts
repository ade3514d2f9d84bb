import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { datasetConfigSchema } from "#node-agent/data/config.js";
import { openDatasets, select } from "#node-agent/data/datasets.js";
import { roundedDown } from "#node-agent/data/describe.js";
import { RowCache } from "#node-agent/data/row-cache.js";
import { temporaryFolders } from "#test/support/folders.js";

const folder = temporaryFolders();

async function site(rows: number) {
  const directory = await folder();
  await writeFile(join(directory, "d.csv"), `a,name,y\n${"1,Ann,2\n".repeat(rows)}`);
  const config = datasetConfigSchema.parse({
    name: "numbers",
    path: "d.csv",
    columns: { "a*": "number", name: "text", y: "number" },
    target: "y",
    split: { test: 0.25 },
    labels: { dataset: "numbers" },
  });
  const [dataset] = openDatasets([config], directory);
  assert(dataset);
  return { directory, dataset };
}

describe("what the hub may know of a dataset", () => {
  it("rounds counts down to two significant digits", () => {
    const cases = [
      [0, 0],
      [7, 7],
      [99, 99],
      [100, 100],
      [109, 100],
      [1987, 1900],
      [10_000, 10_000],
      [60_999, 60_000],
      [2 ** 31 - 1, 2_100_000_000],
    ] as const;
    for (const [count, shown] of cases) assert.equal(roundedDown(count), shown);
    fc.assert(
      fc.property(fc.nat(), (count) => {
        const shown = roundedDown(count);
        assert(shown <= count && shown > count * 0.9 - 1);
        assert.equal(roundedDown(shown), shown);
      }),
    );
  });

  it("is names, types, labels and rounded counts", async () => {
    const { dataset } = await site(1003);
    assert.deepEqual(await dataset.describe(), {
      name: "numbers",
      columns: [
        { name: "a*", type: "number" },
        { name: "name", type: "text" },
        { name: "y", type: "number" },
      ],
      labels: { dataset: "numbers" },
      trainRows: 750,
      testRows: 250,
      target: "y",
      connector: "csv",
    });
    assert.deepEqual(await dataset.counts(), { train: 752, test: 251 });
  });

  it("follows the file", async () => {
    const { directory, dataset } = await site(8);
    assert.deepEqual(await dataset.counts(), { train: 6, test: 2 });
    const cache = new RowCache();
    const before = await cache.load(dataset.location, "train");
    assert.equal(await cache.load(dataset.location, "train"), before, "read once only");
    await writeFile(join(directory, "d.csv"), `a,name,y\n${"5,Bob,2\n".repeat(12)}`);
    assert.deepEqual(await dataset.counts(), { train: 9, test: 3 });
    const after = await cache.load(dataset.location, "train");
    assert.deepEqual([after.count, after.features[0]], [9, 5]);
  });

  it("checks every row when asked", async () => {
    const { directory, dataset } = await site(8);
    await dataset.check();
    await writeFile(join(directory, "d.csv"), `a,name,y\n${"5,Bob,2\n".repeat(12)}x,Eve,2\n`);
    await dataset.counts();
    await assert.rejects(dataset.check(), {
      code: "DATA_INVALID",
      message: /^d\.csv:14: the value of a must be/,
    });
  });
});

describe("the rows kept in memory", () => {
  it("are no more than allowed, the last used ones first", async () => {
    const { dataset } = await site(400);
    const cache = new RowCache(1000);
    const train = await cache.load(dataset.location, "train");
    const test = await cache.load(dataset.location, "test");
    assert.equal(await cache.load(dataset.location, "test"), test);
    assert.notEqual(await cache.load(dataset.location, "train"), train, "1200 + 400 bytes do not fit");
  });
});

describe("choosing a dataset", () => {
  const datasets = [
    { name: "digits", labels: { dataset: "digits", year: "2024" } },
    { name: "digits-old", labels: { dataset: "digits", year: "1998" } },
    { name: "letters", labels: {} },
  ];

  it("finds exactly one, by name or by labels", () => {
    assert.equal(select(datasets, { name: "letters" }).name, "letters");
    assert.equal(select(datasets, { labels: { year: "1998" } }).name, "digits-old");
    assert.equal(select(datasets, { name: "digits", labels: { dataset: "digits" } }).name, "digits");
  });

  const refused = [
    [
      { name: "digit" },
      "This site has no dataset with the name digit; it has digits (dataset=digits, year=2024); digits-old (dataset=digits, year=1998); letters.",
    ],
    [{ labels: { toString: "x" } }, /no dataset with the labels toString=x/],
    [{ name: "letters", labels: { dataset: "digits" } }, /the name letters and the labels dataset=digits/],
    [
      { labels: { dataset: "digits" } },
      "2 datasets of this site have the labels dataset=digits: digits and digits-old.",
    ],
    [{ name: "evil\u001b[2J" }, /the name evil\\u001b\[2J;/],
  ] as const;
  for (const [selector, message] of refused) {
    it(`refuses ${JSON.stringify(selector)}`, () => {
      assert.throws(() => select(datasets, selector), { code: "DATASET_MISSING", message });
    });
  }

  it("says so when the site has none", () => {
    assert.throws(() => select([], { name: "digits" }), {
      message: "This site has no dataset with the name digits; it has none.",
    });
  });
});
