import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { fedQuery } from "#hub/federated/functions/query.js";
import { checkQuery, queryOf, querySchema } from "#hub/federated/functions/query-plan.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import type { Json, JsonObject } from "#kernel/json.js";
import type { Cell } from "#node-agent/data/connector.js";
import { levelsWork } from "#node-agent/steps/levels.js";
import { queryWork } from "#node-agent/steps/query.js";
import { type LevelsBody, levels } from "#proto/work/levels.js";
import { type QueryBody, query } from "#proto/work/query.js";
import { exactSpread, exactSum, ratio } from "#test/support/exact.js";
import { type Answering, type Played, type PlayedAsk, playRound } from "#test/support/played.js";
import { foldRows, type RowData } from "#test/support/row-data.js";

const sites = ["acme/a", "acme/b", "acme/c"].map(parseSiteId);

type Rows = readonly (readonly Cell[])[];
const table = (rows: Rows): RowData => ({ columns: { x: "number", g: "text" }, rows });

/** Sites that do their work on these rows, as agents do. */
const working =
  (rowsOf: Readonly<Record<SiteId, Rows>>, minCell = 1): Answering =>
  (site, { work, body }: PlayedAsk) => {
    const data = table(rowsOf[site] ?? []);
    if (work.name === query.name)
      return { value: foldRows(queryWork, body as QueryBody, data, minCell) as Json };
    if (work.name === levels.name)
      return { value: foldRows(levelsWork, body as LevelsBody, data, minCell) as Json };
    return assert.fail(`work of kind ${work.name}`);
  };

const play = (argument: JsonObject, answering: Answering, position?: number): Played =>
  playRound(fedQuery, { dataset: { name: "d" }, ...argument }, sites, answering, position);

interface Statistic {
  readonly count: number | null;
  readonly suppressed?: number;
  readonly missing?: number;
  readonly value: number | null;
}
interface Output {
  readonly cells?: readonly {
    readonly groups: JsonObject;
    readonly count: number | null;
    readonly statistics: readonly Statistic[];
  }[];
  readonly outside?: { readonly count: number | null };
  readonly totals: { readonly count: number | null; readonly statistics: readonly Statistic[] };
  readonly sites: readonly string[];
  readonly left: readonly JsonObject[];
}
function outputOf({ turn }: Played): Output {
  if (!("output" in turn)) return assert.fail("the call goes on");
  return turn.output({ round: 1, version: 0, seconds: 1 }) as unknown as Output;
}

const all = (what: string) => ({ column: "x", what });

describe("the script of a query", () => {
  const data = {
    "acme/a": [
      [1, "u"],
      [2, "v"],
    ],
    "acme/b": [[3, "u"]],
    "acme/c": [[4, null]],
  } as Record<SiteId, Rows>;
  const stages = ({ asked }: Played) =>
    asked.map(({ name, to }) => ("sites" in to ? `${name} ${to.sites.join(",")}` : name));

  it("asks for sums alone where that is enough, for levels before and for spreads after where it is not", () => {
    assert.deepEqual(stages(play({}, working(data))), ["sums"]);
    const three = play({ groups: ["g"], statistics: [all("variance")] }, working(data));
    const each = sites.join(",");
    assert.deepEqual(stages(three), ["levels", `sums ${each}`, `spreads ${each}`]);
    assert.deepEqual(
      three.asked.map(({ quiet = false }) => quiet),
      [true, false, true],
    );
    const [, sums, spreads] = three.asked.map(({ body }) => body as QueryBody);
    assert.deepEqual(sums?.groups, [{ column: "g", levels: ["u", "v"] }]);
    assert.deepEqual(spreads?.statistics, [{ what: "spread", column: "x", centres: [2, 2] }]);
    const { outside, totals } = outputOf(three);
    assert.deepEqual([outside, totals.count], [{ count: 1 }, 4]);
    const given = play({ groups: [{ column: "g", levels: ["u"] }] }, working(data));
    assert.deepEqual(stages(given), ["sums"]);
  });

  it("asks for each sum once, whatever is made of it", () => {
    const { asked } = play({ statistics: ["mean", "variance", "sum", "count"].map(all) }, working(data));
    assert.deepEqual((asked[0]?.body as QueryBody).statistics, [
      { what: "sum", column: "x" },
      { what: "count", column: "x" },
    ]);
  });

  it("goes on with the sites that are left, and says who is not in it and why", () => {
    const answers = working(data);
    const losing =
      (lost: Readonly<Record<string, SiteId>>): Answering =>
      (site, ask, inputs) =>
        lost[ask.name] === site ? { left: `no ${ask.name} today` } : answers(site, ask, inputs);
    const lost = { levels: parseSiteId("acme/c"), sums: parseSiteId("acme/b") };
    const played = play({ groups: ["g"], quorum: { min: 1 } }, losing(lost));
    const { turn, asked } = played;
    assert.deepEqual(
      asked.map(({ name }) => name),
      ["levels", "sums"],
    );
    const output = outputOf(played);
    assert.deepEqual(output.sites, ["acme/a"]);
    assert.deepEqual(output.left, [
      { site: "acme/c", kind: "levels", state: "failed", reason: "no levels today" },
      { site: "acme/b", kind: "query", state: "failed", reason: "no sums today" },
    ]);
    assert.deepEqual([turn.round.asked, turn.round.samples], [3, 2]);
  });

  it("begins anew where a site leaves between the passes, or its rows change: the difference would tell of it alone", () => {
    const answers = working(data);
    const b = parseSiteId("acme/b");
    const leaving: Answering = (site, ask, inputs) =>
      ask.name === "spreads" && site === b ? { left: "away" } : answers(site, ask, inputs);
    const changing: Answering = (site, ask, inputs) => {
      const answer = answers(site, ask, inputs);
      return "left" in answer ? answer : { ...answer, dataVersion: site === b ? ask.name : "same" };
    };
    for (const [deed, why] of [
      [leaving, /^acme\/b has left between its two passes\.$/],
      [changing, /^the rows of acme\/b have changed between its two passes\.$/],
    ] as const) {
      const argument = { statistics: [all("variance")], quorum: { min: 1 } };
      const { turn } = play(argument, deed);
      assert.ok("next" in turn && turn.next === null);
      assert.match(turn.void ?? "", why);
      const last = () => play(argument, deed, 3);
      assert.throws(last, {
        code: "QUORUM_LOST",
        message: new RegExp(`A query needs the same rows twice, and ${why.source.slice(1)}`),
      });
    }
    // Without a second pass there is nothing to compare.
    assert.equal(play({ statistics: [all("mean")] }, changing).turn.void, undefined);
  });

  it("makes groups of levels that as many sites have named as must be behind what is told", () => {
    const groups = (minSites: number) =>
      (play({ groups: ["g"], minSites }, working(data)).asked[1]?.body as QueryBody).groups;
    assert.deepEqual(groups(1), [{ column: "g", levels: ["u", "v"] }]);
    assert.deepEqual(groups(2), [{ column: "g", levels: ["u"] }]);
  });

  it("fails with what to do where the levels of the sites make too large a table", () => {
    const many = (site: string) => Array.from({ length: 150 }, (_, row) => [row, `${site} ${row}`]);
    const wide = Object.fromEntries(sites.map((site) => [site, many(site)])) as unknown as Record<
      SiteId,
      Rows
    >;
    assert.throws(() => play({ groups: ["g", { column: "x", levels: [1, 2, 3, 4, 5] }] }, working(wide)), {
      code: "ARGUMENT_INVALID",
      message: /make 2250 cells, and 2000 are allowed/,
    });
  });

  it("has an empty table where no site has named a level, and the rows are in no cell", () => {
    const output = outputOf(
      play({ groups: ["g"], statistics: [all("mean"), all("variance")] }, working(data, 9)),
    );
    assert.deepEqual(output.cells, []);
    assert.deepEqual(output.outside, { count: null, suppressed: 3, atLeast: true });
    assert.deepEqual(
      output.totals.statistics.map(({ value }) => value),
      [null, null],
    );
  });
});

describe("what a query tells", () => {
  /** Rows with values far from 0 and near each other, missing ones among them, at whichever site. */
  const rows = fc.record({
    offset: fc.constantFrom(0, 1e9, -1e12),
    rows: fc.array(
      fc.tuple(
        fc.option(fc.double({ noNaN: true, min: -1000, max: 1000 }), { nil: null, freq: 6 }),
        fc.constantFrom("u", "v", null),
        fc.nat(2),
      ),
      { minLength: 1, maxLength: 60 },
    ),
  });
  const close = (told: number | null | undefined, right: number, scale = Math.abs(right)) =>
    assert.ok(Math.abs((told ?? Number.NaN) - right) <= 1e-13 * scale + 1e-300, `${told} is not ${right}`);

  /** Compares with the exact sums over the same rows in one place. */
  function compare(told: readonly Statistic[], values: readonly (number | null)[]): void {
    const known = values.filter((value) => value !== null);
    const count = BigInt(known.length);
    for (const { count: valid, missing } of told) {
      assert.equal(valid, known.length);
      assert.equal(missing, values.length - known.length);
    }
    const [sum, mean, variance] = told.map(({ value }) => value);
    const largest = Math.max(0, ...known.map(Math.abs));
    close(sum, ratio(exactSum(known), 1n << 1074n), largest * known.length);
    if (known.length === 0) assert.equal(mean, null);
    else close(mean, ratio(exactSum(known), count << 1074n), largest);
    if (known.length < 2) assert.equal(variance, null);
    else {
      const right = ratio(exactSpread(known), (count * count * (count - 1n)) << 2148n);
      // The numbers themselves are known to 16 digits: their differences are, relative to the spread.
      close(variance, right, right + largest * 1e-3 * Math.sqrt(right));
    }
  }

  it("is what one place with all the rows would, however they lie at the sites", () => {
    const statistics = ["sum", "mean", "variance"].map(all);
    fc.assert(
      fc.property(rows, ({ offset, rows: given }) => {
        const whole = given.map(([x, g, at]) => [x === null ? null : x + offset, g, at] as const);
        const rowsOf = Object.fromEntries(
          sites.map((site, at) => [site, whole.filter(([, , of]) => of === at).map(([x, g]) => [x, g])]),
        ) as unknown as Record<SiteId, Rows>;
        const groups = [{ column: "g", levels: ["u", "v"] }];
        const { cells = [], totals, outside } = outputOf(play({ groups, statistics }, working(rowsOf)));
        const inCells = whole.filter(([, g]) => g !== null);
        for (const { groups: names, count, statistics: told } of cells) {
          const here = whole.filter(([, g]) => g === names["g"]).map(([x]) => x);
          assert.equal(count, here.length);
          compare(told, here);
        }
        compare(
          totals.statistics,
          inCells.map(([x]) => x),
        );
        assert.deepEqual([outside?.count, totals.count], [whole.length - inCells.length, whole.length]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what sites keep to themselves", () => {
  const some = (count: number, ...cells: Cell[]) => Array.from({ length: count }, () => cells);
  const groups = [{ column: "g", levels: ["u", "v"] }];
  const statistics = [all("mean"), all("variance"), { ...all("histogram"), edges: [0, 5, 10] }];
  const rowsOf = {
    "acme/a": [...some(6, 1, "u"), ...some(9, 9, "v")],
    "acme/b": [...some(7, 2, "u"), ...some(3, 9, "v")],
    "acme/c": [...some(8, 3, "u"), ...some(2, 8, "v")],
  } as Record<SiteId, Rows>;
  const told = (minSites: number) => outputOf(play({ groups, statistics, minSites }, working(rowsOf, 5)));

  it("is told as unknown, and the rest as at least so much", () => {
    const { cells: [u, v] = [], totals } = told(1);
    assert.deepEqual([u?.count, totals.count], [21, 30]);
    assert.deepEqual(v, {
      groups: { g: "v" },
      count: 9,
      suppressed: 2,
      atLeast: true,
      statistics: [
        { what: "mean", column: "x", count: 9, suppressed: 2, atLeast: true, value: 9 },
        { what: "variance", column: "x", count: 9, suppressed: 2, atLeast: true, value: 0 },
        {
          what: "histogram",
          column: "x",
          count: 9,
          suppressed: 2,
          atLeast: true,
          edges: [0, 5, 10],
          counts: [null, 9],
          below: null,
          above: null,
          hidden: { counts: [2, 2], below: 2, above: 2 },
        },
      ],
    });
  });

  it("leaves too few sites behind the rest, which is not told then either: it would be of one site alone", () => {
    const { cells: [u, v] = [], totals } = told(2);
    assert.equal(u?.count, 21);
    const unknown = { count: null, suppressed: 2, atLeast: true };
    assert.deepEqual(v?.statistics.slice(0, 2), [
      { what: "mean", column: "x", ...unknown, value: null },
      { what: "variance", column: "x", ...unknown, value: null },
    ]);
    assert.deepEqual([v.count, totals.count], [null, 21]);
    assert.equal(totals.statistics[0]?.value, u.statistics[0]?.value);
    const { asked } = play({ groups, statistics, minSites: 2 }, working(rowsOf, 5));
    // What the sites are told of each other for the second pass is no more.
    assert.deepEqual((asked[1]?.body as QueryBody).statistics[0], {
      what: "spread",
      column: "x",
      centres: [u.statistics[0]?.value, 0],
    });
  });
});

describe("sums that are too large", () => {
  it("are refused at the site, at the hub, and over all cells", () => {
    const large = (count: number, level: string) => Array.from({ length: count }, () => [9e307, level]);
    const groups = [{ column: "g", levels: ["u", "v"] }];
    const overflow = { code: "FOLD_OVERFLOW" };
    const asked = { groups, statistics: [all("sum")] };
    const at = (rowsOf: Readonly<Record<string, Rows>>) => () => outputOf(play(asked, working(rowsOf)));
    assert.throws(at({ "acme/a": large(2, "u") }), overflow);
    assert.throws(at({ "acme/a": large(1, "u"), "acme/b": large(1, "u") }), overflow);
    assert.throws(at({ "acme/a": [...large(1, "u"), ...large(1, "v")] }), overflow);
    assert.equal(at({ "acme/a": large(1, "u") })().totals.statistics[0]?.value, 9e307);
  });
});

describe("the argument of a query", () => {
  const parse = (given: JsonObject) => querySchema.parse({ dataset: { name: "d" }, ...given });

  it("is kept in one form", () => {
    const { statistics, groups, where, rows } = queryOf(
      parse({
        groups: ["g", { column: "n", levels: [1, "2", 0.5] }],
        statistics: [all("mean"), { ...all("histogram"), from: 0, to: 1, bins: 3 }],
      }),
    );
    assert.deepEqual(groups, [
      { column: "g", levels: null },
      { column: "n", levels: ["1", "2", "0.5"] },
    ]);
    assert.deepEqual(statistics, [
      { what: "mean", column: "x", edges: null },
      { what: "histogram", column: "x", edges: [0, 1 / 3, 2 / 3, 1] },
    ]);
    assert.deepEqual([where, rows], [null, "all"]);
  });

  it("is refused where its parts do not go together, with what would", () => {
    const refusal = (given: JsonObject, match: RegExp) =>
      assert.throws(() => checkQuery(queryOf(parse(given))), { code: "ARGUMENT_INVALID", message: match });
    refusal({ groups: ["g", "g"] }, /The column "g" makes groups twice/);
    refusal({ groups: [{ column: "g", levels: [1, "1"] }] }, /The level "1" is named twice/);
    refusal({ statistics: [all("sum"), all("sum")] }, /The sum of "x" is asked for twice/);
    const bins = (count: number) => ({ ...all("histogram"), from: 0, to: 1, bins: count });
    refusal(
      {
        groups: [{ column: "g", levels: Array.from({ length: 20 }, (_, at) => at) }],
        statistics: [bins(1000)],
      },
      /numbers, and 20000 are allowed: 20 cells of 1 statistic/,
    );
    const column = (what: string) => Array.from({ length: 3 }, (_, at) => ({ what, column: `x${at}` }));
    const many = { column: "g", levels: Array.from({ length: 190 }, (_, at) => at) };
    const ten = { column: "h", levels: Array.from({ length: 10 }, (_, at) => at) };
    checkQuery(
      queryOf(
        parse({
          groups: [many, { ...ten, levels: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
          statistics: column("mean"),
        }),
      ),
    );
    // The second pass of a variance takes more than the first.
    refusal(
      { groups: [many, { ...ten, levels: [1, 2, 3, 4, 5, 6, 7, 8, 9] }], statistics: column("variance") },
      /23942 numbers/,
    );
    // Two histograms of one column are two things.
    checkQuery(queryOf(parse({ statistics: [bins(3), bins(4)] })));
    for (const edges of [
      { from: 1, to: 0, bins: 2 },
      { from: 0, to: 1e-323, bins: 100 },
      { edges: [1] },
      { from: -1e308, to: 1e308, bins: 2 },
    ])
      assert.equal(
        querySchema.safeParse({ dataset: { name: "d" }, statistics: [{ ...all("histogram"), ...edges }] })
          .success,
        false,
      );
  });

  it("tells a dry run what is asked first", () => {
    assert.equal(fedQuery.first(parse({ groups: ["g"] })).work.name, "levels");
    assert.equal(fedQuery.first(parse({ groups: [{ column: "g", levels: ["u"] }] })).work.name, "query");
  });
});
