import { Sums } from "#aggregation/statistics/sums.js";
import { ComityError } from "#kernel/errors.js";
import { printable } from "#kernel/words.js";
import { layoutOf, type QueryBody, type QueryLayout, query, type Statistic } from "#proto/work/query.js";
import type { Cell, Column } from "../data/connector.js";
import { needColumns, needNumbers } from "../rows/columns.js";
import { RowFilter } from "../rows/filter.js";
import type { RowFold, RowSetting, RowWork } from "../rows/work.js";
import { levelOf } from "./levels.js";
import { suppress } from "./suppression.js";

/** Counts and sums over rows, in float64; what too few rows stand behind does not leave. */
export const queryWork: RowWork<QueryBody, readonly number[]> = {
  kind: query,
  begin: (body, setting) => new QueryFold(body, setting),
};

/** What is asked of a column, for messages. */
const nouns: Record<Statistic["what"], string> = {
  count: "a count",
  sum: "a sum",
  spread: "a variance",
  bins: "a histogram",
};

class QueryFold implements RowFold<readonly number[]> {
  readonly #body: QueryBody;
  readonly #setting: RowSetting;
  readonly #filter: RowFilter;
  /** What is read: first what the filter does. */
  readonly #wanted: readonly string[];
  /** Where the values of each group and of each statistic are among the cells. */
  readonly #places: { readonly groups: readonly number[]; readonly statistics: readonly number[] };
  readonly #layout: QueryLayout;
  readonly #sums: Sums;
  /** For each group the places of its levels. */
  readonly #levels: readonly ReadonlyMap<string, number>[];

  constructor(body: QueryBody, setting: RowSetting) {
    this.#body = body;
    this.#setting = setting;
    this.#filter = new RowFilter(body.where);
    const { groups, statistics } = body;
    const named = [...groups, ...statistics].map(({ column }) => column);
    this.#wanted = [...new Set([...this.#filter.columns, ...named])];
    const placesOf = (of: readonly { readonly column: string }[]) =>
      of.map(({ column }) => this.#wanted.indexOf(column));
    this.#places = { groups: placesOf(groups), statistics: placesOf(statistics) };
    this.#layout = layoutOf(body);
    this.#sums = new Sums(this.#layout.width);
    this.#levels = body.groups.map(({ levels }) => new Map(levels.map((level, at) => [level, at])));
  }

  begin(all: readonly Column[]): readonly string[] {
    const { dataset } = this.#setting;
    const columns = needColumns(all, this.#wanted, dataset);
    this.#filter.begin(columns.slice(0, this.#filter.columns.length), dataset);
    for (const [index, { what }] of this.#body.statistics.entries()) {
      const column = columns[this.#places.statistics[index] ?? 0];
      if (column !== undefined && what !== "count") needNumbers(column, nouns[what], dataset);
    }
    return this.#wanted;
  }

  row(cells: readonly Cell[]): void {
    if (!this.#filter.fits(cells)) return;
    const { stride, statistics, outside } = this.#layout;
    let cell: number | undefined = 0;
    for (const [group, levels] of this.#levels.entries()) {
      const level = levels.get(levelOf(cells[this.#places.groups[group] ?? 0] ?? null) ?? "");
      cell = level === undefined || cell === undefined ? undefined : cell * levels.size + level;
    }
    if (cell === undefined) {
      this.#sums.add(outside, 1);
      return;
    }
    const base = cell * stride;
    this.#sums.add(base, 1);
    for (const [index, place] of statistics.entries()) {
      const value = cells[this.#places.statistics[index] ?? 0] ?? null;
      const statistic = this.#body.statistics[index];
      if (value === null || statistic === undefined) continue;
      this.#sums.add(base + place.valid, 1);
      if (typeof value === "number") this.#add(statistic, base + place.numbers, cell, value);
    }
  }

  end(): readonly number[] {
    const numbers = Array.from({ length: this.#layout.width }, (_, at) => this.#sums.at(at) + 0);
    suppress(numbers, this.#layout, this.#body.statistics, this.#setting.minCell);
    for (const [at, number] of numbers.entries()) if (!Number.isFinite(number)) throw this.#tooLarge(at);
    return numbers;
  }

  #add(statistic: Statistic, at: number, cell: number, value: number): void {
    switch (statistic.what) {
      case "count":
        return;
      case "sum":
        this.#sums.add(at, value);
        return;
      case "spread": {
        const difference = value - (statistic.centres[cell] ?? 0);
        this.#sums.add(at, difference);
        this.#sums.add(at + 1, difference * difference);
        return;
      }
      case "bins":
        this.#sums.add(at + binOf(statistic.edges, value), 1);
    }
  }

  #tooLarge(at: number): ComityError {
    const { stride, statistics } = this.#layout;
    const index = statistics.findLastIndex(({ valid }) => valid <= at % stride);
    const column = printable(this.#body.statistics[index]?.column ?? "", 60);
    return new ComityError(
      "FOLD_OVERFLOW",
      `The sum over the column ${column} of the dataset ${this.#setting.dataset} is too large for float64.`,
    );
  }
}

/** 0 below the edges, the last one above them, and in between the bin: each has its lower edge, the last one both. */
function binOf(edges: readonly number[], value: number): number {
  const last = edges.length - 1;
  if (value === edges[last]) return last;
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
