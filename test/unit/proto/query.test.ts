import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Json } from "#kernel/json.js";
import { levels } from "#proto/work/levels.js";
import { layoutOf, query, type QueryBody, queryLimits } from "#proto/work/query.js";
import { checkAnswer, shapeOf } from "#proto/work/shape.js";

type Given = Partial<Record<keyof QueryBody, unknown>>;
const given = (more: Given) => ({ dataset: { name: "d" }, rows: "all", groups: [], statistics: [], ...more });
const bodyOf = (more: Given): QueryBody => query.body.parse(given(more));
/** Why a body is refused. */
const fault = (more: object, kind: { body: typeof levels.body | typeof query.body } = query): string => {
  const parsed = kind.body.safeParse(given(more));
  return parsed.success ? assert.fail("taken") : parsed.error.issues.map(({ message }) => message).join("; ");
};
const sum = { what: "sum", column: "x" };
const level = (count: number) => Array.from({ length: count }, (_, at) => String(at));

describe("the work query", () => {
  it("tells a policy all that it reads", () => {
    const body = bodyOf({
      rows: "train",
      where: 'row.age > 60 && row["my column"] == 1',
      groups: [{ column: "sex", levels: ["1"] }],
      statistics: [sum, { what: "count", column: "sex" }],
    });
    assert.deepEqual(query.facts(body), {
      dataset: { name: "d" },
      rows: "train",
      passes: 1,
      columns: ["sex", "x", "age", "my column"],
      filter: 'row.age > 60 && row["my column"] == 1',
    });
    assert.deepEqual(query.facts(bodyOf({})), {
      dataset: { name: "d" },
      rows: "all",
      passes: 1,
      columns: [],
    });
  });

  it("is bounded, and says nothing in two ways", () => {
    assert.match(fault({ extra: 1 }), /Unrecognized key/);
    assert.match(fault({ where: "row.age >" }), /cannot be read as CEL/);
    assert.match(fault({ where: "row[row.x] == 1" }), /a field is named as/);
    assert.match(fault({ statistics: [{ ...sum, column: "__proto__" }] }), /no name of a column/);
    const two = [
      { column: "a", levels: level(60) },
      { column: "b", levels: level(40) },
    ];
    assert.match(fault({ groups: two }), /2400 cells, and 2000 are allowed/);
    const bins = {
      what: "bins",
      column: "x",
      edges: Array.from({ length: queryLimits.edges }, (_, at) => at),
    };
    assert.match(
      fault({ groups: [{ column: "a", levels: level(10) }], statistics: [bins] }),
      /numbers, and 20000 are allowed/,
    );
    assert.match(fault({ statistics: [{ what: "bins", column: "x", edges: [1, 0] }] }), /edges must go up/);
    assert.match(
      fault({ statistics: [{ what: "spread", column: "x", centres: [1, 2] }] }),
      /a centre for each cell/,
    );
    assert.match(fault({ groups: [{ column: "a", levels: ["1", "1"] }] }), /a level is named once/);
    assert.match(
      fault({
        groups: [
          { column: "a", levels: ["1"] },
          { column: "a", levels: ["2"] },
        ],
      }),
      /a column makes groups once/,
    );
    assert.match(fault({ statistics: Array.from({ length: 51 }, () => sum) }), /<=50 items/);
  });

  const body = bodyOf({
    groups: [{ column: "sex", levels: ["f", "m"] }],
    statistics: [sum, { what: "bins", column: "x", edges: [0, 1] }],
  });
  const shape = shapeOf(query, body);
  const check = (value: Json) =>
    checkAnswer(query.name, shape, { samples: 0, figures: {}, tensors: undefined, value }, 1e9);
  /** Zeros, but for the numbers at some places. */
  const numbers = (at: Readonly<Record<number, number>> = {}) =>
    Array.from({ length: layoutOf(body).width }, (_, place) => at[place] ?? 0);

  it("answers exactly the list that its body lays out", () => {
    check(numbers());
    check(numbers({ 0: 7, 2: 7, 4: -1.5e300, 5: 6, 8: 6 }));
    const wrong = { code: "UPDATE_SCHEMA_WRONG" };
    assert.throws(() => check(numbers().slice(1)), wrong);
    assert.throws(() => check([...numbers(), 0]), wrong);
    assert.throws(() => check({ sums: numbers() }), wrong);
    assert.throws(() => check(numbers().map(String)), wrong);
    // Half a row, fewer rows than none, a flag that is none, rows beyond 2^53.
    for (const [at, number] of [
      [0, 0.5],
      [2, -1],
      [1, 2],
      [7, 0.5],
      [0, 2 ** 53],
      [layoutOf(body).outside, 1.5],
    ] as const)
      assert.throws(() => check(numbers({ [at]: number })), /no number of rows/);
    assert.throws(
      () =>
        checkAnswer(query.name, shape, { samples: 3, figures: {}, tensors: undefined, value: numbers() }, 9),
      {
        code: "UPDATE_SAMPLES_WRONG",
      },
    );
  });

  it("names every number of rows in it, so that none can be too small", () => {
    const { cells, stride, statistics, outside, width } = layoutOf(body);
    const [first, bins] = [statistics[0] ?? assert.fail(), statistics[1] ?? assert.fail()];
    const value = Array.from({ length: width }, (_, at) => at);
    const places = Array.from({ length: cells }, (_, cell) => cell * stride).flatMap((base) => [
      base,
      base + first.valid,
      base + bins.valid,
      ...[0, 1, 2].map((bin) => base + bins.numbers + bin),
    ]);
    assert.deepEqual([...(query.answer.counts?.(body, value) ?? [])], [...places, outside]);
    assert.equal(bins.width, 3);
  });

  it("has room for the longest answer", () => {
    const most = bodyOf({
      groups: [
        { column: "a", levels: level(40) },
        { column: "b", levels: level(50).slice(0, 49) },
      ],
      statistics: [sum, sum],
    });
    const { width, outside, stride } = layoutOf(most);
    const value = Array.from({ length: width }, (_, at) =>
      at >= outside || at % stride < 2 || (at % stride) % 3 !== 1 ? 1 : -1.2345678901234567e-300,
    );
    const wide = shapeOf(query, most).value;
    assert.ok(Buffer.byteLength(JSON.stringify(value)) <= (wide?.maxBytes ?? 0));
    assert.ok(wide?.schema.safeParse(value).success);
  });
});

describe("the work levels", () => {
  const body = levels.body.parse({
    dataset: { name: "d" },
    rows: "all",
    columns: ["a", "b"],
    where: "row.c > 1",
  });

  it("tells a policy what it reads, and lets values leave", () => {
    assert.deepEqual(levels.facts(body), {
      dataset: { name: "d" },
      rows: "all",
      passes: 1,
      columns: ["a", "b", "c"],
      filter: "row.c > 1",
    });
    assert.equal(levels.answer.leaves, "value");
    assert.equal(query.answer.leaves, "aggregate");
  });

  it("answers one list of names for each column", () => {
    const check = (value: Json) =>
      checkAnswer(
        levels.name,
        shapeOf(levels, body),
        { samples: 0, figures: {}, tensors: undefined, value },
        1e9,
      );
    check([["x", "y"], []]);
    for (const wrong of [
      [["x"]],
      [["x"], ["y"], []],
      [["x"], [1]],
      [["x"], [""]],
      [["x"], level(201)],
      [["x"], ["y".repeat(257)]],
    ])
      assert.throws(() => check(wrong), { code: "UPDATE_SCHEMA_WRONG" });
  });
});
