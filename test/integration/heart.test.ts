import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { Json, JsonObject } from "#kernel/json.js";
import type { DatasetConfigInput } from "#node-agent/data/config.js";
import { joinWithData, queryOutput, sitesReady } from "../support/data-sites.js";
import { exactSpread, exactSum, ratio } from "../support/exact.js";
import { startTestHub, type TestHub } from "../support/hub.js";
import { realData } from "../support/real-data.js";

const hospitals = ["cleveland", "hungarian", "switzerland", "va"];
const names = "age sex cp trestbps chol fbs restecg thalach exang oldpeak slope ca thal num".split(" ");
const minCell = 5;

const dataset: Omit<DatasetConfigInput, "path"> = {
  name: "heart",
  columns: Object.fromEntries(names.map((name) => [name, "number" as const])),
  target: "num",
};

type Row = readonly (number | null)[];
interface Told {
  readonly count: number | null;
  readonly suppressed?: number;
  readonly missing?: number;
  readonly value: number | null;
}
interface Cell {
  readonly groups: Readonly<Record<string, string>>;
  readonly count: number | null;
  readonly suppressed?: number;
  readonly statistics: readonly Told[];
}

/** The four hospitals of the UCI data set on heart disease (Janosi, Steinbrunn, Pfisterer, Detrano 1988): 920 patients. */
describe("queries over the patients of four hospitals", function () {
  this.timeout(120_000);
  let hub: TestHub;
  /** The rows of each hospital. */
  let tables: readonly (readonly Row[])[] = [];

  before(async function () {
    const folder = realData(this, "heart-disease");
    const texts = await Promise.all(
      hospitals.map((name) => readFile(join(folder, `processed.${name}.data`), "utf8")),
    );
    const lines = texts.map((text) => text.trim().split(/\r?\n/));
    tables = lines.map((rows) =>
      rows.map((row) => row.split(",").map((cell) => (cell === "?" ? null : Number(cell)))),
    );
    hub = await startTestHub();
    for (const [at, name] of hospitals.entries()) {
      const csv = `${names.join(",")}\n${(lines[at] ?? []).join("\n").replaceAll("?", "")}\n`;
      await joinWithData(hub, `acme/${name}`, { dataset, csv });
    }
    await sitesReady(hub, hospitals.length);
  });
  after(async () => {
    // The hooks of a suite run also when it is skipped.
    if (tables.length > 0) await hub[Symbol.asyncDispose]();
  });

  const ask = async (argument: JsonObject) =>
    (await queryOutput(hub, { dataset: { name: "heart" }, ...argument })) as {
      cells: Cell[];
      totals: Cell;
      outside: Json;
    };

  const columnOf = (rows: readonly Row[], name: string) =>
    rows.map((row) => row[names.indexOf(name)] ?? null);
  const valid = (values: Row) => values.filter((value) => value !== null);
  const close = (told: number | null | undefined, right: number) =>
    assert.ok(
      Math.abs((told ?? Number.NaN) - right) <= 1e-12 * Math.max(1, Math.abs(right)),
      `${told} is not ${right}`,
    );

  /** Means and variances as one place has them, exactly, that has the rows of all hospitals with enough values to tell of. */
  function compare(name: string, told: readonly (Told | undefined)[], all: readonly Row[]): void {
    const known = all.map(valid);
    const few = known.filter(({ length }) => length > 0 && length < minCell).length;
    const values = known.filter(({ length }) => length >= minCell).flat();
    const count = BigInt(values.length);
    for (const one of told) {
      assert.deepEqual([one?.count, one?.suppressed ?? 0], [values.length, few], name);
      if (few === 0) assert.equal(one?.missing, all.flat().length - values.length, name);
    }
    const [mean, variance] = told;
    close(mean?.value, ratio(exactSum(values), count << 1074n));
    close(variance?.value, ratio(exactSpread(values), (count * count * (count - 1n)) << 2148n));
  }

  it("give the means and variances of the pooled table, and count what is missing", async () => {
    const statistics = names.flatMap((column) => ["mean", "variance"].map((what) => ({ column, what })));
    const { totals } = await ask({ statistics });
    assert.equal(totals.count, 920);
    for (const [at, name] of names.entries()) {
      const all = tables.map((rows) => columnOf(rows, name));
      compare(name, totals.statistics.slice(2 * at, 2 * at + 2), all);
    }
    // Of the vessels, three and two patients have a value at two of the hospitals: as the description of the data says it.
    const suppressed = ["ca", "thalach"].map(
      (name) => totals.statistics[2 * names.indexOf(name)]?.suppressed,
    );
    assert.deepEqual(suppressed, [2, undefined]);
  });

  it("leave out the cholesterol of 0 that was not measured, by a filter", async () => {
    const statistics = ["mean", "variance"].map((what) => ({ column: "chol", what }));
    const { totals } = await ask({ where: "row.chol > 0", statistics });
    const measured = tables.map((rows) => columnOf(rows, "chol").filter((value) => (value ?? 0) > 0));
    assert.equal(totals.count, measured.flat().length);
    compare("chol", totals.statistics, measured);
  });

  it("give the pooled table of pain and disease, but for cells that a hospital keeps to itself", async () => {
    const { cells } = await ask({ groups: ["cp", "num"], statistics: [{ column: "age", what: "mean" }] });
    assert.equal(cells.length, 4 * 5);
    let suppressedAt = 0;
    for (const { groups, count, suppressed = 0, statistics } of cells) {
      const [pain, disease] = [Number(groups["cp"]), Number(groups["num"])];
      const here = tables.map((rows) =>
        rows.filter((row) => row[names.indexOf("cp")] === pain && row[names.indexOf("num")] === disease),
      );
      const told = here.filter((rows) => rows.length >= minCell).flat();
      const few = here.filter(({ length }) => length > 0 && length < minCell).length;
      suppressedAt += few;
      assert.deepEqual([count ?? 0, suppressed], [told.length, few], JSON.stringify(groups));
      if (told.length === 0) assert.equal(count, few === 0 ? 0 : null);
      else
        close(
          statistics[0]?.value ?? null,
          ratio(exactSum(valid(columnOf(told, "age"))), BigInt(told.length) << 1074n),
        );
    }
    assert.ok(suppressedAt > 10, `${suppressedAt}`);
  });

  it("count every patient in a histogram of ages, in a bin, below or above", async () => {
    const edges = [45, 50, 55, 60];
    const { totals } = await ask({ statistics: [{ column: "age", what: "histogram", edges }] });
    const ages = valid(columnOf(tables.flat(), "age"));
    const between = (from: number, to: number) => ages.filter((age) => age >= from && age < to).length;
    assert.deepEqual(totals.statistics, [
      {
        what: "histogram",
        column: "age",
        count: 920,
        missing: 0,
        edges,
        counts: [between(45, 50), between(50, 55), between(55, 60.5)],
        below: between(0, 45),
        above: between(60.5, 999),
      },
    ]);
  });
});
