import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, it } from "mocha";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { checkEgress } from "#node-agent/assignments/egress.js";
import { datasetConfigSchema } from "#node-agent/data/config.js";
import type { Cell } from "#node-agent/data/connector.js";
import { openDatasets } from "#node-agent/data/datasets.js";
import { createSteps, type Steps } from "#node-agent/steps/index.js";
import { levelsWork } from "#node-agent/steps/levels.js";
import { queryWork } from "#node-agent/steps/query.js";
import { levels, type LevelsBody } from "#proto/work/levels.js";
import { layoutOf, query, type QueryBody } from "#proto/work/query.js";
import { temporaryFolders } from "#test/support/folders.js";
import { exact, exactSum } from "#test/support/exact.js";
import { foldRows, type RowData } from "#test/support/row-data.js";

const bodyOf = (more: Partial<Record<keyof QueryBody, unknown>>): QueryBody =>
  query.body.parse({ dataset: { name: "d" }, rows: "all", groups: [], statistics: [], ...more });

const table = (rows: readonly (readonly Cell[])[]): RowData => ({
  columns: { x: "number", g: "text", h: "number" },
  rows,
});

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

describe("counts and sums over rows", () => {
  const rows = table([
    [1, "a", 1],
    [2.5, "a", 2],
    [null, "a", 1],
    [-4, "b", 2],
    [10, "c", 1],
    [10, null, 1],
  ]);

  it("lie in one list: for each cell its rows, then each statistic; at the end the rows in no cell", () => {
    const body = bodyOf({
      groups: [{ column: "g", levels: ["a", "b"] }],
      statistics: [
        { what: "count", column: "x" },
        { what: "sum", column: "x" },
        { what: "spread", column: "x", centres: [1, 0] },
        { what: "bins", column: "x", edges: [0, 1, 2.5] },
      ],
    });
    assert.deepEqual(foldRows(queryWork, body, rows), [
      // Rows, suppressed; valid, suppressed; with the sum; with both sums around 1; below, 0 to 1, 1 to 2.5, above, and no bin hidden.
      ...[3, 0, 2, 0, 2, 0, 3.5, 2, 0, 1.5, 2.25, 2, 0, 0, 0, 2, 0, 0, 0, 0, 0],
      ...[1, 0, 1, 0, 1, 0, -4, 1, 0, -4, 16, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      ...[2, 0],
    ]);
  });

  it("are of each value of the first group with each of the second", () => {
    const groups = [
      { column: "g", levels: ["a", "c"] },
      { column: "h", levels: ["2", "1"] },
    ];
    const numbers = foldRows(queryWork, bodyOf({ groups }), rows);
    assert.deepEqual(numbers, [1, 0, 2, 0, 0, 0, 1, 0, 2, 0]);
  });

  it("are of the rows that fit, and a row of which that cannot be told does not", () => {
    const counted = (where: string) => foldRows(queryWork, bodyOf({ where }), rows)[0];
    assert.equal(counted("row.x > 0"), 4);
    assert.equal(counted("row.x == null"), 1);
    assert.equal(counted('row.g == "a" || row.x > 5'), 5);
    assert.equal(counted("int(row.g) > 1"), 0);
  });

  it("put a value on an edge into the bin that begins there, and into the last one at the end", () => {
    const edges = [-1, 0, 0.5, 3];
    const bins = (x: number) => {
      const body = bodyOf({ statistics: [{ what: "bins", column: "x", edges }] });
      return foldRows(queryWork, body, table([[x, "a", 1]]))
        .slice(4, 9)
        .indexOf(1);
    };
    assert.deepEqual([-1.1, -1, -0.1, 0, 0.49, 0.5, 2.9, 3, 3.1].map(bins), [0, 1, 1, 2, 2, 3, 3, 3, 4]);
  });

  it("are right to the last digits, for any numbers", () => {
    const number = fc.double({ noNaN: true, min: -1e150, max: 1e150 });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 60 }), (values) => {
        const body = bodyOf({ statistics: [{ what: "sum", column: "x" }] });
        const sum = foldRows(queryWork, body, table(values.map((x) => [x, "a", 1])))[4] ?? Number.NaN;
        const terms = values.reduce((all, value) => all + abs(exact(value)), 0n);
        assert.ok(abs(exact(sum) - exactSum(values)) <= (abs(exactSum(values)) >> 52n) + (terms >> 90n) + 1n);
      }),
    );
  });

  it("that float64 does not hold are refused, with the column", () => {
    const body = bodyOf({
      statistics: [
        { what: "count", column: "x" },
        { what: "sum", column: "x" },
      ],
    });
    const large = table(Array.from({ length: 4 }, () => [1e308, "a", 1]));
    assert.throws(() => foldRows(queryWork, body, large), {
      code: "FOLD_OVERFLOW",
      message: /over the column x of the dataset made up/,
    });
  });

  it("need columns that are there and of the right type, and say so before a row is read", () => {
    const refusal = (more: Partial<Record<keyof QueryBody, unknown>>) => {
      const fold = queryWork.begin(bodyOf(more), { dataset: "d", minCell: 1 });
      try {
        fold.begin([
          { name: "age", type: "number", isNumeric: true },
          { name: "city", type: "category", isNumeric: false },
        ]);
      } catch (error) {
        return (error as Error).message;
      }
      return assert.fail("taken");
    };
    assert.equal(
      refusal({ statistics: [{ what: "sum", column: "aeg" }] }),
      'The dataset d has no column aeg; did you mean "age"? It has age and city.',
    );
    assert.equal(
      refusal({ statistics: [{ what: "bins", column: "city", edges: [0, 1] }] }),
      "The column city of the dataset d is a category with names, and a histogram is of numbers.",
    );
    assert.match(refusal({ groups: [{ column: "sex", levels: ["1"] }] }), /no column sex/);
    assert.match(refusal({ where: "row.weight > 1" }), /no column weight/);
    assert.match(
      refusal({ where: "row.age > 1000 && row.city + 1 == 2" }),
      /filter .* does not fit .*'_\+_' applied to '\(string, int\)'/,
    );
  });
});

describe("what too few rows stand behind", () => {
  const some = (count: number, ...cells: Cell[]) => Array.from({ length: count }, () => cells);
  const groups = [{ column: "g", levels: ["a", "b", "c"] }];

  it("is left out: a cell, a statistic of which few rows have a value, a bin, the rows in no cell", () => {
    const data = table([...some(9, 5, "a", 1), ...some(3, 5, "b", 1), ...some(2, 5, "z", 1)]);
    assert.deepEqual(foldRows(queryWork, bodyOf({ groups }), data, 5), [9, 0, 0, 1, 0, 0, 0, 1]);
    const sparse = table([...some(4, 5, "a", 1), ...some(9, null, "a", 1)]);
    const statistics = [{ what: "sum", column: "x" }];
    assert.deepEqual(foldRows(queryWork, bodyOf({ statistics }), sparse, 5), [13, 0, 0, 1, 0, 0, 0]);
  });

  it("is all, where the rows that fit are so few: which cells are empty would tell where they are", () => {
    const data = table(some(4, 5, "a", 1));
    assert.deepEqual(foldRows(queryWork, bodyOf({ groups }), data, 5), [0, 1, 0, 1, 0, 1, 0, 1]);
    assert.deepEqual(foldRows(queryWork, bodyOf({ groups }), table([]), 5), [0, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(
      foldRows(queryWork, bodyOf({ groups, where: "row.x > 9" }), table(some(20, 5, "a", 1)), 5),
      [0, 0, 0, 0, 0, 0, 0, 0],
    );
  });

  it("is never a number, and cannot be told from what is shown beside it", () => {
    const cell = fc.tuple(
      fc.option(fc.integer({ min: 0, max: 6 }), { nil: null }),
      fc.constantFrom("a", "b", "c", "d", null),
      fc.constant(1),
    );
    const body = bodyOf({
      groups,
      statistics: [
        { what: "sum", column: "x" },
        { what: "bins", column: "x", edges: [1, 2, 3, 4, 5] },
        { what: "count", column: "h" },
      ],
    });
    const { cells, stride, statistics, outside } = layoutOf(body);
    const bins = statistics[1] ?? assert.fail();
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (rows, minCell) => {
        const numbers = foldRows(queryWork, body, table(rows), minCell);
        const whole = foldRows(queryWork, body, table(rows), 1);
        checkEgress(
          { step: { kind: query, run: () => assert.fail() }, body },
          { samples: 0, figures: {}, tensors: undefined, value: numbers },
          minCell,
        );
        for (let at = 0; at <= cells; at++) {
          const base = at === cells ? outside : at * stride;
          // What is shown is so; what is not is 0.
          assert.equal(numbers[base], numbers[base + 1] === 1 ? 0 : whole[base]);
          if (at === cells || numbers[base + bins.suppressed] === 1) continue;
          let [hidden, missing] = [0, 0];
          for (let bin = 0; bin < bins.width; bin++) {
            const isHidden = numbers[base + bins.numbers + bins.width + bin] === 1;
            const rowsIn = whole[base + bins.numbers + bin] ?? 0;
            assert.equal(numbers[base + bins.numbers + bin], isHidden ? 0 : rowsIn);
            if (!isHidden) continue;
            hidden++;
            missing += rowsIn;
          }
          assert.ok(hidden === 0 || hidden === filledIn(whole, base) || (hidden > 1 && missing >= minCell));
        }
      }),
      { numRuns: 300 },
    );
    function filledIn(whole: readonly number[], base: number): number {
      return whole.slice(base + bins.numbers, base + bins.numbers + bins.width).filter((rowsIn) => rowsIn > 0)
        .length;
    }
  });
});

describe("the values that make groups", () => {
  const body = (more: object = {}): LevelsBody =>
    levels.body.parse({ dataset: { name: "d" }, rows: "all", columns: ["g", "h"], ...more });
  const some = (count: number, ...cells: Cell[]) => Array.from({ length: count }, () => cells);

  it("are those that enough of the rows have that fit", () => {
    const data = table([
      ...some(6, 1, "b", 63),
      ...some(5, 1, "a", 63),
      ...some(4, 1, "rare", 2),
      ...some(9, 9, null, null),
    ]);
    assert.deepEqual(foldRows(levelsWork, body(), data, 5), [["a", "b"], ["63"]]);
    assert.deepEqual(foldRows(levelsWork, body({ where: 'row.g != "a"' }), data, 5), [["b"], ["63"]]);
    assert.deepEqual(foldRows(levelsWork, body({ where: "row.x > 1" }), data, 5), [[], []]);
  });

  it("are not those of a column that has a name for every row", () => {
    const many = (count: number) => table(Array.from({ length: count }, (_, row) => [1, `name ${row}`, 1]));
    assert.deepEqual(foldRows(levelsWork, body(), many(200))[0]?.length, 200);
    assert.throws(() => foldRows(levelsWork, body(), many(201)), {
      code: "COLUMN_UNFIT",
      message: /column g .* more than 200 of them/,
    });
    assert.throws(() => foldRows(levelsWork, body(), many(100_001), 5), {
      message: /more than 100000 different values/,
    });
    const long = table([[1, "x".repeat(257), 1]]);
    assert.deepEqual(foldRows(levelsWork, body(), long), [[], ["1"]]);
  });
});

describe("the steps over rows", () => {
  const folder = temporaryFolders();
  const opened: Steps[] = [];
  afterEach(async () => {
    for (const steps of opened.splice(0)) await steps.close();
  });

  /** A site with these rows, and a way to give it work. */
  async function site(csv: string, minCell = 5) {
    const directory = await folder();
    await writeFile(join(directory, "rows.csv"), csv);
    const columns = { x: "number", g: { type: "category", classes: 3 } } as const;
    const config = datasetConfigSchema.parse({ name: "d", path: "rows.csv", columns, target: "g" });
    const steps = createSteps({
      datasets: openDatasets([config], directory),
      backend: undefined,
      minCell,
      log: silentLog,
    });
    opened.push(steps);
    const run = (body: QueryBody, signal = new AbortController().signal) => {
      const step = steps.steps.find(({ kind }) => kind.name === "query") ?? assert.fail();
      const context = { site: parseSiteId("acme/berlin"), draw: 1, directory, signal, state: undefined };
      return step.run(body, {
        ...context,
        input: () => Promise.resolve(undefined),
        progress: () => undefined,
      });
    };
    return { run, steps };
  }

  it("read many rows beside the main thread, which goes on meanwhile", async () => {
    const count = 300_000;
    const lines = Array.from({ length: count }, (_, row) => `${row % 1000}.5,${row % 3}`);
    const { run } = await site(`x,g\n${lines.join("\n")}\n`);
    await run(bodyOf({}));
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    const { value, samples } = await run(
      bodyOf({ where: "row.x < 500.0", statistics: [{ what: "sum", column: "x" }] }),
    );
    clearInterval(ticking);
    assert.deepEqual(value, [150_000, 0, 150_000, 0, 37_500_000, 0, 0]);
    assert.equal(samples, 0);
    assert.ok(turns > 20, `${turns} turns`);
  });

  it("end at once when they are cancelled, at work and while they wait, and the next one goes on", async () => {
    const { run } = await site(
      `x,g\n${Array.from({ length: 300_000 }, (_, row) => `${row},1`).join("\n")}\n`,
    );
    const [first, second] = [new AbortController(), new AbortController()];
    const long = bodyOf({ where: "[1, 2, 3].exists(a, [1, 2, 3].exists(b, row.x == double(a * b)))" });
    const working = run(long, first.signal);
    const waiting = run(long, second.signal);
    const next = run(bodyOf({}));
    second.abort();
    await assert.rejects(waiting, { code: "RUN_CANCELLED" });
    first.abort();
    await assert.rejects(working, { code: "RUN_CANCELLED" });
    assert.deepEqual((await next).value, [300_000, 0, 0, 0]);
    await assert.rejects(run(long, AbortSignal.abort()), { code: "RUN_CANCELLED" });
  });

  it("say what is wrong with the data, with its code", async () => {
    const { run } = await site("x,g\n1,1\nsecret,2\n");
    await assert.rejects(run(bodyOf({ statistics: [{ what: "sum", column: "x" }] })), {
      code: "DATA_INVALID",
      message: /^rows\.csv:3: the value of x/,
    });
    await assert.rejects(run(bodyOf({ statistics: [{ what: "sum", column: "y" }] })), {
      code: "COLUMN_UNFIT",
    });
    // Only what is wanted is read.
    assert.deepEqual((await run(bodyOf({}))).value, [0, 1, 0, 1]);
  });

  it("end with the agent", async () => {
    const { run, steps } = await site("x,g\n1,1\n");
    await run(bodyOf({}));
    await steps.close();
    await assert.rejects(run(bodyOf({})), { code: "WORK_FAILED" });
  });
});
