import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Json, JsonObject } from "#kernel/json.js";
import type { DatasetConfigInput } from "#node-agent/data/config.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import { type DataSite, joinWithData, queryOutput, sitesReady, startQuery } from "../support/data-sites.js";
import { startTestHub, type TestHub } from "../support/hub.js";
import { ended, refusal } from "../support/training.js";

const dataset: Omit<DatasetConfigInput, "path"> = {
  name: "patients",
  columns: {
    age: "number",
    sex: { type: "category", classes: ["f", "m"] },
    chol: "number",
    note: "text",
  },
  target: "age",
};

const start = (hub: TestHub, argument: JsonObject) =>
  startQuery(hub, { dataset: { name: "patients" }, ...argument });

/** A query at its end. */
async function ask(hub: TestHub, argument: JsonObject): Promise<Run__Output> {
  const { runId } = await start(hub, argument);
  return ended(hub, runId);
}

/** The answer of a query that must succeed. */
const told = async (hub: TestHub, argument: JsonObject) =>
  (await queryOutput(hub, { dataset: { name: "patients" }, ...argument })) as Record<string, Json>;

type Row = readonly (string | number)[];
const csvOf = (...rows: readonly (readonly Row[])[]) =>
  `age,sex,chol,note\n${rows
    .flat()
    .map((row) => row.join(","))
    .join("\n")}\n`;
/** `count` rows of these values. */
const times = (count: number, ...row: Row) => Array.from({ length: count }, () => row);

describe("a query", function () {
  this.timeout(60_000);

  it("counts and sums at the sites, and tells all together; too small a cell is never told as none", async () => {
    await using hub = await startTestHub();
    const one = csvOf(times(6, 40, "f", 200, "x"), times(5, 60, "m", "", "y"));
    const two = csvOf(times(7, 50, "f", 260, "x"), times(3, 70, "m", 300, ""));
    await joinWithData(hub, "acme/one", { dataset, csv: one });
    await joinWithData(hub, "acme/two", { dataset, csv: two });
    await sitesReady(hub, 2);
    const { cells, outside, totals, sites, left } = await told(hub, {
      groups: ["sex"],
      statistics: [
        { column: "age", what: "mean" },
        { column: "age", what: "variance" },
        { column: "chol", what: "sum" },
        { column: "note", what: "count" },
        { column: "age", what: "histogram", edges: [40, 50, 60] },
      ],
    });
    assert.deepEqual(
      { sites, left, outside },
      { sites: ["acme/one", "acme/two"], left: [], outside: { count: 0 } },
    );
    const whole = { count: 13, missing: 0 };
    const part = { suppressed: 1, atLeast: true };
    assert.deepEqual(cells, [
      {
        groups: { sex: "f" },
        count: 13,
        statistics: [
          { what: "mean", column: "age", ...whole, value: 590 / 13 },
          // 6 x (40 - 590/13)^2 + 7 x (50 - 590/13)^2 = 4200/13
          { what: "variance", column: "age", ...whole, value: 4200 / 13 / 12 },
          { what: "sum", column: "chol", ...whole, value: 3020 },
          { what: "count", column: "note", ...whole },
          {
            what: "histogram",
            column: "age",
            ...whole,
            edges: [40, 50, 60],
            counts: [6, 7],
            below: 0,
            above: 0,
          },
        ],
      },
      {
        groups: { sex: "m" },
        count: 5,
        ...part,
        statistics: [
          { what: "mean", column: "age", count: 5, ...part, value: 60 },
          { what: "variance", column: "age", count: 5, ...part, value: 0 },
          // One site has none, the other does not say.
          { what: "sum", column: "chol", count: null, ...part, value: null },
          { what: "count", column: "note", count: 5, ...part },
          {
            what: "histogram",
            column: "age",
            count: 5,
            ...part,
            edges: [40, 50, 60],
            counts: [null, 5],
            below: null,
            above: null,
            hidden: { counts: [1, 1], below: 1, above: 1 },
          },
        ],
      },
    ]);
    const { count, statistics, ...known } = totals as { count: Json; statistics: { value: Json }[] };
    assert.deepEqual({ count, ...known }, { count: 18, ...part });
    assert.equal(statistics[0]?.value, 890 / 18);
    assert.deepEqual(hub.faults, []);
  });

  it("is of the rows that fit, of the part that is asked for, and of the levels that are named", async () => {
    await using hub = await startTestHub();
    const csv = csvOf(times(20, 40, "f", 200, "x"), times(20, 60, "m", "", "y"));
    await joinWithData(hub, "acme/one", { dataset: { ...dataset, split: { test: 0.25, seed: 1 } }, csv });
    await sitesReady(hub, 1);
    const counts = async (argument: JsonObject) => {
      const { cells, outside, totals } = await told(hub, argument);
      const countOf = (one: Json | undefined) => (one as { count: Json } | undefined)?.count;
      return {
        cells: (cells as Json[] | undefined)?.map(countOf),
        outside: countOf(outside),
        total: countOf(totals),
      };
    };
    const none = { cells: undefined, outside: undefined };
    assert.deepEqual(await counts({}), { ...none, total: 40 });
    assert.deepEqual(await counts({ rows: "train" }), { ...none, total: 30 });
    assert.deepEqual(await counts({ rows: "test" }), { ...none, total: 10 });
    assert.deepEqual(await counts({ where: 'row.age < 50 || row.note == "z"' }), { ...none, total: 20 });
    // A value that is missing does not fit, whatever is asked of it.
    assert.deepEqual(await counts({ where: "row.chol < 1e9" }), { ...none, total: 20 });
    assert.deepEqual(await counts({ where: "row.chol == null" }), { ...none, total: 20 });
    assert.deepEqual(await counts({ groups: [{ column: "sex", levels: ["f", "x"] }] }), {
      cells: [20, 0],
      outside: 20,
      total: 40,
    });
    assert.deepEqual(await counts({ groups: [{ column: "age", levels: [40, 60] }, "note"] }), {
      cells: [20, 0, 0, 20],
      outside: 0,
      total: 40,
    });
  });

  it("does not tell where the few rows are that fit, nor what the others of a table leave over", async () => {
    await using hub = await startTestHub();
    const csv = csvOf(
      times(20, 40, "f", 200, "x"),
      times(20, 60, "m", 260, "y"),
      times(2, 90, "f", 300, "z"),
    );
    await joinWithData(hub, "acme/one", { dataset, csv });
    await sitesReady(hub, 1);
    const few = { count: null, suppressed: 1, atLeast: true };
    const sexes = [{ column: "sex", levels: ["f", "m"] }];
    // The two are in the first cell; that the other one is empty must not show.
    const answer = await told(hub, { where: "row.age > 80", groups: sexes });
    assert.deepEqual(answer["cells"], [
      { groups: { sex: "f" }, ...few, statistics: [] },
      { groups: { sex: "m" }, ...few, statistics: [] },
    ]);
    assert.deepEqual([answer["outside"], answer["totals"]], [few, { ...few, suppressed: 3, statistics: [] }]);
    // Levels that too few rows have are not named, and their rows are counted as others only where they are enough.
    const notes = await told(hub, { groups: ["note"] });
    assert.deepEqual(
      (notes["cells"] as { groups: Json }[]).map(({ groups }) => groups),
      [{ note: "x" }, { note: "y" }],
    );
    assert.deepEqual(notes["outside"], few);
    // 2 of 42 are above the edges: the smallest other bin goes with them, or the difference would tell.
    const { totals } = await told(hub, {
      statistics: [{ column: "age", what: "histogram", edges: [0, 50, 80] }],
    });
    const [{ counts, above }] = (totals as { statistics: [{ counts: Json; above: Json }] }).statistics;
    assert.deepEqual([counts, above], [[null, 20], null]);
  });

  it("is asked of those that can, and tells why others are not in it", async () => {
    await using hub = await startTestHub();
    const csv = csvOf(times(12, 40, "f", 200, "x"));
    const fewer = { ...dataset.columns };
    delete fewer["chol"];
    await joinWithData(hub, "acme/able", { dataset, csv });
    await joinWithData(hub, "acme/bare", { dataset: { ...dataset, columns: fewer }, csv });
    await joinWithData(hub, "acme/old", {
      dataset,
      csv,
      only: (step) => (["train", "evaluate"].includes(step.kind.name) ? step : undefined),
    });
    await joinWithData(hub, "acme/shy", { dataset, csv, policy: { kinds: ["train", "evaluate"] } });
    await sitesReady(hub, 4);
    const mean = { statistics: [{ column: "chol", what: "mean" }] };
    const { runId } = await start(hub, { ...mean, quorum: { onShort: "proceed" } });
    let unasked: unknown;
    for await (const { type, dataJson } of hub.admin.watchRun(runId))
      if (type === "round.started") unasked = (JSON.parse(dataJson) as { left: unknown }).left;
    const old = /^its agent, release .*, cannot do query; a newer one may$/;
    const [{ site, reason }] = unasked as [{ site: string; reason: string }];
    assert.equal(site, "acme/old");
    assert.match(reason, old);
    const answer = JSON.parse((await hub.admin.getRun(runId)).outputJson) as Record<string, Json>;
    assert.deepEqual(answer["sites"], ["acme/able"]);
    assert.deepEqual(answer["left"], [
      {
        site: "acme/bare",
        kind: "query",
        state: "refused",
        reason: "The dataset patients has no column chol. It has age, sex and note.",
      },
      {
        site: "acme/shy",
        kind: "query",
        state: "refused",
        reason: "The site's policy allows only train and evaluate, not query.",
      },
    ]);
    const failed = await ask(hub, { ...mean, at: { site: "acme/bare" } });
    assert.equal(failed.errorCode, "QUORUM_LOST");
    assert.match(
      failed.errorText,
      /acme\/bare: The dataset patients has no column chol\. It has age, sex and note\./,
    );
    const text = await ask(hub, {
      statistics: [{ column: "note", what: "mean" }],
      at: { site: "acme/able" },
    });
    assert.match(
      text.errorText,
      /The column note of the dataset patients is text, and a sum is of numbers\./,
    );
    const filter = await ask(hub, { where: "row.age + 1 > 3", at: { site: "acme/able" } });
    assert.match(
      filter.errorText,
      /The filter row\.age \+ 1 > 3 does not fit the columns .*'\(double, int\)'/,
    );
  });

  it("is refused before it is a run, where it cannot be right, with the place", async () => {
    await using hub = await startTestHub();
    const refused: [JsonObject, RegExp][] = [
      [{ where: "row.age >" }, /where: it cannot be read as CEL/],
      [{ where: "site.age > 1" }, /there is no site here/],
      [{ where: "size(row) > 1" }, /a field is named as row\.age/],
      [
        { statistics: [{ column: "age", what: "median" }] },
        /statistics\.0\.what must be one of count, sum, mean/,
      ],
      [{ statistics: [{ column: "age", what: "meen" }] }, /did you mean "mean"/],
      [{ statistics: [{ column: "age", what: "histogram" }] }, /a histogram needs either `edges`, or/],
      [{ statistics: [{ column: "age", what: "mean", bins: 3 }] }, /are for a histogram/],
      [{ statistics: [{ column: "age", what: "histogram", edges: [1, 1] }] }, /must go up/],
      [{ groups: ["a", "b", "c", "d"] }, /groups: Too big/],
      [{ groups: ["sex", "sex"] }, /The column "sex" makes groups twice/],
      [
        {
          statistics: [
            { column: "age", what: "mean" },
            { column: "age", what: "mean" },
          ],
        },
        /mean of "age" is asked for twice/,
      ],
      [{ columns: ["age"] }, /unknown key "columns"/],
    ];
    for (const [argument, message] of refused) {
      const error = await refusal(start(hub, argument));
      assert.equal(error.code, "WORKFLOW_INVALID");
      assert.match(error.message, message);
    }
    assert.deepEqual((await hub.admin.listRuns()).runs, []);
  });

  it("begins anew where rows change between its two passes, and gives up where they never rest", async () => {
    await using hub = await startTestHub();
    let changes = 1;
    const rows = (count: number) => csvOf(times(count, 40, "f", 200, "x"), times(count, 60, "m", 200, "x"));
    const site: DataSite = await joinWithData(hub, "acme/one", {
      dataset,
      csv: rows(10),
      only: (step) => ({
        ...step,
        run: async (body, context) => {
          const answer = await step.run(body, context);
          if (changes-- > 0) await site.rewrite(rows(20 + changes));
          return answer;
        },
      }),
    });
    await joinWithData(hub, "acme/two", { dataset, csv: rows(10) });
    await sitesReady(hub, 2);
    const variance = { statistics: [{ column: "age", what: "variance" }] };
    const run = await ask(hub, variance);
    assert.equal(run.state, "completed", run.errorText);
    assert.deepEqual(
      run.rounds.map(({ state }) => state),
      ["void", "completed"],
    );
    const { totals } = JSON.parse(run.outputJson) as {
      totals: { count: number; statistics: { value: number }[] };
    };
    assert.equal(totals.count, 60);
    assert.equal(totals.statistics[0]?.value, 6000 / 59);
    changes = 100;
    const failed = await ask(hub, variance);
    assert.equal(failed.errorCode, "QUORUM_LOST");
    assert.match(failed.errorText, /the rows of acme\/one have changed between its two passes/);
    assert.deepEqual(
      failed.rounds.map(({ state }) => state),
      ["void", "void", "failed"],
    );
  });

  it("is what its result and its rounds say, for people and programs", async () => {
    await using hub = await startTestHub();
    await joinWithData(hub, "acme/one", { dataset, csv: csvOf(times(12, 40, "f", 200, "x")) });
    await sitesReady(hub, 1);
    const run = await ask(hub, { statistics: [{ column: "age", what: "variance" }] });
    assert.deepEqual(
      run.rounds.map(({ state, samples, base, model, assignments }) => ({
        state,
        samples,
        base,
        model,
        work: assignments.map(({ kind, state: stands }) => `${kind} ${stands}`),
      })),
      [
        {
          state: "completed",
          samples: 12,
          base: null,
          model: null,
          work: ["query delivered", "query delivered"],
        },
      ],
    );
    const result = await hub.admin.getResult(run.runId);
    assert.deepEqual([result.model, result.rounds.map(({ sites }) => sites)], ["", [1]]);
  });

  it("may have as many cells and numbers as it says, in answers that are no small ones", async () => {
    await using hub = await startTestHub();
    const levels = (count: number) => Array.from({ length: count }, (_, at) => at);
    // One row for each cell, with a number of 16 digits.
    const rows = levels(40).flatMap((age) =>
      levels(49).map((chol) => [age, "f", chol, `${age}-${chol}`] as const),
    );
    for (const site of ["acme/one", "acme/two"])
      await joinWithData(hub, site, { dataset, csv: csvOf(rows), policy: { minCell: 1 } });
    await sitesReady(hub, 2);
    const { cells, totals } = await told(hub, {
      groups: [
        { column: "age", levels: levels(40) },
        { column: "chol", levels: levels(49) },
      ],
      statistics: [
        { column: "age", what: "variance" },
        { column: "chol", what: "mean" },
        { column: "note", what: "count" },
      ],
    });
    const counts = (cells as { count: number }[]).map(({ count }) => count);
    assert.deepEqual([counts.length, new Set(counts)], [1960, new Set([2])]);
    const { statistics, count } = totals as { count: number; statistics: { value: number }[] };
    assert.equal(count, 3920);
    assert.equal(statistics[1]?.value, 24);
    // The variance of 0 to 39, each 98 times: 98 x 5330 / 3919.
    assert.ok(Math.abs((statistics[0]?.value ?? 0) - (98 * 5330) / 3919) < 1e-9);
    assert.deepEqual(hub.faults, []);
  });
});
