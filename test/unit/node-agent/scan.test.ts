import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type DatasetConfigInput, datasetConfigSchema } from "#node-agent/data/config.js";
import type { Cell, Column } from "#node-agent/data/connector.js";
import { CsvConnector } from "#node-agent/data/csv.js";
import { temporaryFolders } from "#test/support/folders.js";

const folder = temporaryFolders();

const columns: DatasetConfigInput["columns"] = {
  age: "number",
  id: "integer",
  sex: { type: "category", classes: 2 },
  city: { type: "category", classes: ["Berlin", "Paris"] },
  note: "text",
};

/** All that a scan gives of these texts: the columns that there are, and the cells of the wanted ones, row by row. */
async function scan(
  texts: { readonly train: string; readonly test?: string },
  {
    part = "all",
    wanted,
    ...more
  }: Partial<DatasetConfigInput> & { part?: "all" | "train" | "test"; wanted?: string[] } = {},
): Promise<{ all: readonly Column[]; rows: Cell[][] }> {
  const directory = await folder();
  await writeFile(join(directory, "train.csv"), texts.train);
  if (texts.test !== undefined) await writeFile(join(directory, "test.csv"), texts.test);
  const config = { name: "d", path: "train.csv", columns, target: "sex", ...more };
  const test = texts.test === undefined ? {} : { test: "test.csv" };
  const rows: Cell[][] = [];
  let all: readonly Column[] = [];
  await new CsvConnector(datasetConfigSchema.parse({ ...config, ...test }), directory).scan(part, {
    begin: (given) => {
      all = given;
      return wanted ?? given.map(({ name }) => name);
    },
    row: (cells) => void rows.push([...cells]),
  });
  return { all, rows };
}

const header = "age,id,sex,city,note\n";

describe("rows that are read exactly, one after the other", () => {
  it("come as numbers, texts, and null for what is missing", async () => {
    const { all, rows } = await scan({
      train: `${header}63.1,9007199254740991,1,Berlin, a note \n.1,-3,0,Paris,"two\nlines"\n,, , ,\n`,
    });
    assert.deepEqual(
      all.map(({ name, type, isNumeric }) => [name, type, isNumeric]),
      [
        ["age", "number", true],
        ["id", "integer", true],
        ["sex", "category", true],
        ["city", "category", false],
        ["note", "text", false],
      ],
    );
    assert.deepEqual(rows, [
      [63.1, 9007199254740991, 1, "Berlin", "a note"],
      [0.1, -3, 0, "Paris", "two\nlines"],
      [null, null, null, null, null],
    ]);
  });

  it("are the nearest float64 of every number, as the language reads it", async () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 1, maxLength: 30 }), async (given) => {
        const values = given.map((value) => (Math.abs(value) > 2 ** 53 ? value / 2 ** 1000 : value));
        const train = `age,sex\n${values.map((value) => `${value},0`).join("\n")}\n`;
        const { rows } = await scan(
          { train },
          { columns: { age: "number", sex: { type: "category", classes: 2 } } },
        );
        assert.deepEqual(
          rows.map(([value]) => Number(value) + 0),
          values.map((value) => value + 0),
        );
      }),
      { numRuns: 30 },
    );
  });

  const refused: [string, string, RegExp][] = [
    [
      "a whole number that float64 would round",
      "9007199254740993,1,1,Berlin,x",
      /:2: the value of age must be .*below 2\^53, or nothing/,
    ],
    ["the same with a point", "-12345678901234567890.00,1,1,Berlin,x", /the value of age/],
    [
      "a whole number beyond 2^53 where whole ones are asked for",
      "1,9007199254740993,1,Berlin,x",
      /the value of id/,
    ],
    ["half a whole number", "1,1.5,1,Berlin,x", /the value of id must be a whole number/],
    [
      "a class that is none",
      "1,1,2,Berlin,x",
      /the value of sex must be a whole number from 0 to 1, or nothing/,
    ],
    [
      "a name that is no class",
      "1,1,1,Rome,x",
      /the value of city must be one of "Berlin", "Paris", or nothing/,
    ],
    ["a word for a number", "secret,1,1,Berlin,x", /the value of age/],
    ["more than float64 holds", "1e400,1,1,Berlin,x", /the value of age/],
    ["a cell too few", "1,1,1,Berlin", /:2: this row has 4 cells; the header has 5/],
  ];
  for (const [what, row, message] of refused) {
    it(`refuse ${what}`, async () => {
      const thrown = await scan({ train: `${header}${row}\n` }).then(
        () => assert.fail("not refused"),
        (error: unknown) => error as Error,
      );
      assert.match(thrown.message, message);
      assert.doesNotMatch(thrown.message, /secret|Rome|993|890/);
    });
  }

  it("read only what is wanted, in the order in which it is wanted", async () => {
    const { rows } = await scan({ train: `${header}1,no number,1,Rome,x\n` }, { wanted: ["note", "age"] });
    assert.deepEqual(rows, [["x", 1]]);
  });

  it("know the columns of a pattern by their names, and divide", async () => {
    const { all, rows } = await scan(
      { train: "p10,p2,y\n255,51,1\n" },
      { columns: { "p*": { type: "number", divide: 255 }, y: "number" }, target: "y" },
    );
    assert.deepEqual(
      all.map(({ name }) => name),
      ["p2", "p10", "y"],
    );
    assert.deepEqual(rows, [[0.2, 1, 1]]);
  });

  it("are all of both files, or those of one part, which are the ones that are trained and tested on", async () => {
    const texts = { train: "age,sex\n1,0\n2,1\n", test: "sex,age\n0,3\n" };
    const two = {
      columns: { age: "number", sex: { type: "category", classes: 2 } },
      wanted: ["age"],
    } as const;
    const ages = async (part: "all" | "train" | "test") =>
      (await scan(texts, { ...two, wanted: [...two.wanted], part })).rows.flat();
    assert.deepEqual([await ages("all"), await ages("train"), await ages("test")], [[1, 2, 3], [1, 2], [3]]);
    const train = `age,sex\n${Array.from({ length: 20 }, (_, row) => `${row},0`).join("\n")}\n`;
    const split = { ...two, wanted: [...two.wanted], split: { test: 0.25, seed: 3 } };
    const parts = await Promise.all(
      (["train", "test"] as const).map(async (part) =>
        (await scan({ train }, { ...split, part })).rows.flat(),
      ),
    );
    assert.deepEqual(
      parts.map(({ length }) => length),
      [15, 5],
    );
    assert.deepEqual(
      parts.flat().toSorted((a, b) => Number(a) - Number(b)),
      Array.from({ length: 20 }, (_, row) => row),
    );
    await assert.rejects(
      scan({ train }, { ...two, wanted: [...two.wanted], part: "test" }),
      /no rows to test on/,
    );
  });

  it("refuse a second file without a column that is wanted, an empty one, and two columns of one name", async () => {
    const two = { columns: { "a*": "number", sex: "number" } } as const;
    await assert.rejects(
      scan({ train: "a1,a2,sex\n1,2,0\n", test: "a1,sex\n1,0\n" }, two),
      /test\.csv:1: the header does not have "a2"/,
    );
    await assert.rejects(scan({ train: "" }), /the file is empty/);
    await assert.rejects(scan({ train: "a1,a1,sex\n1,2,0\n" }, two), /have the same name/);
  });

  it("end with what the reader throws", async () => {
    const directory = await folder();
    await writeFile(join(directory, "train.csv"), `${header}1,1,1,Berlin,x\n`);
    const config = datasetConfigSchema.parse({ name: "d", path: "train.csv", columns, target: "sex" });
    const begin = () => {
      throw new Error("enough");
    };
    await assert.rejects(
      new CsvConnector(config, directory).scan("all", { begin, row: () => undefined }),
      /^Error: enough$/,
    );
  });
});
