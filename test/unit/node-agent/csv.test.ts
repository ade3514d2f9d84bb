import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, it } from "mocha";
import { parseConfig } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import { type DatasetConfigInput, datasetConfigSchema } from "#node-agent/data/config.js";
import { CsvConnector } from "#node-agent/data/csv.js";
import { datasetsConfigSchema } from "#node-agent/data/datasets-config.js";
import { maxRecordBytes } from "#node-agent/data/records.js";
import { temporaryFolders } from "#test/support/folders.js";

const folder = temporaryFolders();

const twoNumbers: DatasetConfigInput["columns"] = {
  a: "number",
  b: "number",
  y: { type: "category", classes: 3 },
};

async function connector(
  text: string | Uint8Array,
  more: Partial<DatasetConfigInput> = {},
): Promise<CsvConnector> {
  const directory = await folder();
  await writeFile(join(directory, "train.csv"), text);
  const config = { name: "d", path: "train.csv", columns: twoNumbers, target: "y", ...more };
  return new CsvConnector(datasetConfigSchema.parse(config), directory);
}

/** 0 for -0: the text of -0 is `0`. */
const withoutSign = (value: number): number => value + 0;

/** The sentence of the `DATA_INVALID` that loading ends with. */
async function fault(text: string | Uint8Array, more: Partial<DatasetConfigInput> = {}): Promise<string> {
  const csv = await connector(text, more);
  const error: unknown = await csv.load("train").then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof ComityError, "no fault");
  assert.equal(error.code, "DATA_INVALID");
  return error.message;
}

describe("rows from CSV", () => {
  const good: [string, string | Uint8Array][] = [
    ["plain", "a,b,y\n1,2.5,0\n-3,1e-1,2\n"],
    ["no line end at the end", "a,b,y\n1,2.5,0\n-3,1e-1,2"],
    ["Windows line ends", "a,b,y\r\n1,2.5,0\r\n-3,1e-1,2\r\n"],
    ["a byte order mark", "\ufeffa,b,y\n1,2.5,0\n-3,1e-1,2\n"],
    ["blank lines", "\n\na,b,y\n\n1,2.5,0\n\r\n-3,1e-1,2\n\n"],
    ["spaces around", " a , b,y\n 1 ,\t2.5, 0\n-3 ,1e-1,2 \n"],
    ["quotes", '"a",b,"y"\n"1",2.5,"0"\n-3,"1e-1",2\n'],
    ["another order, and more columns", 'id,y,b,a\nx,0,2.5,1\n"line\nend, ""and"" comma",2,1e-1,-3\n'],
    ["plus signs and bare points", "a,b,y\n+1,2.5,0\n-3.,.1,2\n"],
  ];
  for (const [what, text] of good) {
    it(`reads ${what}`, async () => {
      const csv = await connector(text);
      const rows = await csv.load("train");
      assert.equal(rows.count, 2);
      assert.equal(rows.width, 2);
      assert.equal(rows.classes, 3);
      assert.deepEqual([...rows.features], [1, 2.5, -3, Math.fround(0.1)]);
      assert.deepEqual([...rows.targets], [0, 2]);
      assert.deepEqual(await csv.count(), { train: 2, test: 0 });
    });
  }

  const bad: [string, string | Uint8Array, RegExp][] = [
    ["an empty file", "", /^train\.csv:1: the file is empty/],
    ["a file of blank lines", "\n\r\n\n", /^train\.csv:1: the file is empty/],
    ["a header and no rows", "a,b,y\n", /^train\.csv:2: the file has a header and no rows/],
    [
      "a missing column",
      "a,bb,y\n1,2,0\n",
      /^train\.csv:1: dataset d needs the column b, .*did you mean "bb"/,
    ],
    ["two columns of one name", "a,b,b,y\n1,2,3,0\n", /^train\.csv:1: two columns are named "b"/],
    ["a word", "a,b,y\n1,2,0\n1,secret,0\n", /^train\.csv:3: the value of b must be a finite number/],
    ["an empty cell", "a,b,y\n1,,0\n", /^train\.csv:2: the value of b must be/],
    ["a hexadecimal number", "a,b,y\n1,0x10,0\n", /^train\.csv:2: the value of b/],
    ["infinity", "a,b,y\n1,Infinity,0\n", /^train\.csv:2: the value of b/],
    ["not a number", "a,b,y\n1,NaN,0\n", /^train\.csv:2: the value of b/],
    ["more than a float32 holds", "a,b,y\n1,1e39,0\n", /^train\.csv:2: the value of b/],
    [
      "a class that is none",
      "a,b,y\n1,2,3\n",
      /^train\.csv:2: the value of y must be a whole number from 0 to 2/,
    ],
    ["half a class", "a,b,y\n1,2,0.5\n", /^train\.csv:2: the value of y must be a whole number/],
    ["a cell too few", "a,b,y\n1,2,0\n\n1,2\n", /^train\.csv:4: this row has 2 cells; the header has 3/],
    ["a cell too many", "a,b,y\n1,2,0,9\n", /^train\.csv:2: this row has 4 cells; the header has 3/],
    [
      "a ragged row after a quoted line end",
      'a,b,y,z\n1,2,0,"\n"\n1\n',
      /^train\.csv:4: this row has 1 cells/,
    ],
    [
      "a quote that never closes",
      'a,b,y\n1,2,0\n"1,2,0\n',
      /^train\.csv:3: a quote opens in this record and never closes/,
    ],
    ["a quote in the middle", 'a,b,y\n1,2"2",0\n', /^train\.csv:2: the quotes of this record are wrong/],
    ["text after a quote", 'a,b,y\n1,"2"2,0\n', /^train\.csv:2: the quotes of this record are wrong/],
    ["UTF-16", Buffer.from("\ufeffa,b,y\n1,2,0\n", "utf16le"), /^train\.csv:1: the text must be UTF-8/],
    ["another delimiter", "a;b;y\n1;2;0\n", /^train\.csv:1: dataset d needs the columns a, b and y/],
    ["a binary file", Buffer.alloc(maxRecordBytes + 2 ** 20), /^train\.csv:1: a record has at most/],
  ];
  for (const [what, text, expected] of bad) {
    it(`refuses ${what}`, async () => {
      const message = await fault(text);
      assert.match(message, expected);
      assert(!message.includes("secret"), "a raw value is in the message");
    });
  }

  it("says which file is missing or cannot be a file", async () => {
    assert.match(await fault("", { path: "other.csv" }), /^other\.csv: there is no such file/);
    assert.match(await fault("", { path: "." }), /^\.: this is a folder/);
  });

  it("reads a record that is longer than a chunk, and one that lies across two", async () => {
    const long = "x".repeat(1024 * 1024 + 17);
    const csv = await connector(`a,note,b,y\n1,${long},2,0\n3,"${long}\n""",4,1\n`);
    const rows = await csv.load("train");
    assert.deepEqual([...rows.features], [1, 2, 3, 4]);
  });

  it("gives the same rows wherever the chunks are cut", async () => {
    const cell = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    );
    const note = fc.string({ maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, note, cell, fc.nat(2)), { minLength: 1, maxLength: 30 }),
        async (records) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const lines = records.map(([a, text, b, y]) => `${a},${quoted(text)},${quoted(String(b))},${y}`);
          const rows = await (await connector(`a,note,b,y\r\n${lines.join("\r\n")}`)).load("train");
          const expected = records.flatMap(([a, , b]) => [Math.fround(a), Math.fround(b)]);
          assert.deepEqual([...rows.features].map(withoutSign), expected.map(withoutSign));
          assert.deepEqual(
            [...rows.targets],
            records.map(([, , , y]) => y),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it("divides, takes patterns in natural order, turns categories into one-hot features and leaves text out", async () => {
    const csv = await connector("p10,colour,p2,p1,name,y\n30,red,20,10,Ann,4.5\n33,blue,22,11,Bob,-1\n", {
      columns: {
        "p*": { type: "integer", divide: 10 },
        colour: { type: "category", classes: ["blue", "green", "red"] },
        name: "text",
        y: "number",
      },
    });
    const rows = await csv.load("train");
    assert.equal(rows.width, 6);
    assert.equal(rows.classes, undefined);
    assert.deepEqual([...rows.features], [1, 2, 3, 0, 0, 1, 1.1, 2.2, 3.3, 1, 0, 0].map(Math.fround));
    assert.deepEqual([...rows.targets], [4.5, -1]);
  });

  it("names the classes that are allowed, and whole numbers where they are asked for", async () => {
    const columns: DatasetConfigInput["columns"] = {
      a: "integer",
      y: { type: "category", classes: ["cat", "dog"] },
    };
    assert.match(await fault("a,y\n1,cow\n", { columns }), /y must be one of "cat", "dog"/);
    assert.match(await fault("a,y\n1.5,cat\n", { columns }), /a must be a whole number/);
  });

  it("splits by the seed: every row once, the same rows each time, other rows for another seed", async () => {
    const text = `a,b,y\n${Array.from({ length: 100 }, (_, row) => `${row},0,0`).join("\n")}\n`;
    const ids = async (seed: number, part: "train" | "test") => {
      const csv = await connector(text, { split: { test: 0.2, seed } });
      assert.deepEqual(await csv.count(), { train: 80, test: 20 });
      const rows = await csv.load(part);
      return [...rows.features].filter((_, place) => place % 2 === 0);
    };
    const [train, test] = [await ids(1, "train"), await ids(1, "test")];
    assert.deepEqual(
      [...train, ...test].sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, row) => row),
    );
    assert.deepEqual(await ids(1, "test"), test);
    assert.notDeepEqual(await ids(2, "test"), test);
  });

  it("reads the test rows from their own file, and says when there are none", async () => {
    const directory = await folder();
    await writeFile(join(directory, "train.csv"), "a,b,y\n1,2,0\n");
    await writeFile(join(directory, "test.csv"), "y,a,b\n1,5,6\n2,7,8\n");
    const config = { name: "d", path: "train.csv", columns: twoNumbers, target: "y" };
    const both = new CsvConnector(datasetConfigSchema.parse({ ...config, test: "test.csv" }), directory);
    assert.deepEqual(await both.count(), { train: 1, test: 2 });
    assert.deepEqual([...(await both.load("test")).features], [5, 6, 7, 8]);
    const only = new CsvConnector(datasetConfigSchema.parse(config), directory);
    await assert.rejects(only.load("test"), { code: "DATA_INVALID", message: /no rows to test on/ });
  });
});

describe("datasets in agent.yaml", () => {
  const parse = (text: string) => parseConfig(text, "agent.yaml", datasetsConfigSchema);

  it("takes the digits in a few lines", () => {
    const [digits] = parse(
      "- name: digits\n  path: train.csv\n  columns:\n    pixel*: { type: number, divide: 255 }\n    label: { type: category, classes: 10 }\n" +
        "  target: label\n  test: test.csv\n  labels: { dataset: digits }\n",
    );
    assert.equal(digits?.connector, "csv");
    assert.deepEqual(digits.columns["pixel*"], { type: "number", divide: 255 });
  });

  const faults: [string, string, RegExp][] = [
    [
      "a target that is no column",
      "  columns: { a: number }\n  target: b\n",
      /agent\.yaml:4:\d+: .*target: must be one of the columns: a/,
    ],
    [
      "a target that objects have by nature",
      "  columns: { a: number }\n  target: toString\n",
      /must be one of the columns/,
    ],
    [
      "a text target",
      "  columns: { a: number, b: text }\n  target: b\n",
      /single column of type number, integer or category/,
    ],
    [
      "nothing to learn from",
      "  columns: { b: number }\n  target: b\n",
      /at least one number, integer or category column besides/,
    ],
    ["two stars", "  columns: { a*b*: number, y: number }\n  target: y\n", /may hold one/],
    [
      "test and split",
      "  columns: { a: number, y: number }\n  target: y\n  test: t.csv\n  split: { test: 0.1 }\n",
      /not both/,
    ],
    [
      "a connector that there is not",
      "  connector: cvs\n  columns: { a: number, y: number }\n  target: y\n",
      /agent\.yaml:3:\d+: .*there is no connector cvs; did you mean "csv"\?/,
    ],
    ["a type that is none", "  columns: { a: numbr, y: number }\n  target: y\n", /agent\.yaml:3/],
    [
      "a category without classes",
      "  columns: { a: number, y: { type: category } }\n  target: y\n",
      /classes/,
    ],
    [
      "a class listed twice",
      "  columns: { a: number, y: { type: category, classes: [x, x] } }\n  target: y\n",
      /listed once/,
    ],
    [
      "a division by 0",
      "  columns: { a: { type: number, divide: 0 }, y: number }\n  target: y\n",
      /must not be 0/,
    ],
  ];
  for (const [what, text, expected] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parse(`- name: d\n  path: d.csv\n${text}`), {
        code: "CONFIG_INVALID",
        message: expected,
      });
    });
  }

  it("refuses a name that is there twice", () => {
    const one = "- name: d\n  path: d.csv\n  columns: { a: number, y: number }\n  target: y\n";
    assert.throws(() => parse(one + one), { message: /agent\.yaml:5:\d+: .*another dataset is named d/ });
  });
});
