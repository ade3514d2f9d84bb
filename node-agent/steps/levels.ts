import { ComityError } from "#kernel/errors.js";
import { printable } from "#kernel/words.js";
import { type LevelsBody, levels } from "#proto/work/levels.js";
import { queryLimits } from "#proto/work/query.js";
import type { Cell, Column } from "../data/connector.js";
import { needColumns } from "../rows/columns.js";
import { RowFilter } from "../rows/filter.js";
import type { RowFold, RowSetting, RowWork } from "../rows/work.js";

/** Different values of one column that are kept in memory. */
const maxValues = 100_000;

/** A value as the name of a group: the same for `63` and `63.0`. Undefined where it makes none. */
export function levelOf(cell: Cell): string | undefined {
  const level = cell === null ? "" : String(cell);
  return level === "" || level.length > queryLimits.levelLength ? undefined : level;
}

/** Names the values that enough rows have. */
export const levelsWork: RowWork<LevelsBody, readonly (readonly string[])[]> = {
  kind: levels,
  begin: (body, setting) => new LevelsFold(body, setting),
};

class LevelsFold implements RowFold<readonly (readonly string[])[]> {
  readonly #columns: readonly string[];
  readonly #filter: RowFilter;
  /** What is read: first what the filter does. */
  readonly #wanted: readonly string[];
  /** Where the values of each column are among the cells. */
  readonly #places: readonly number[];
  readonly #setting: RowSetting;
  readonly #rows: readonly Map<string, number>[];

  constructor({ columns, where }: LevelsBody, setting: RowSetting) {
    this.#columns = columns;
    this.#filter = new RowFilter(where);
    this.#wanted = [...new Set([...this.#filter.columns, ...columns])];
    this.#places = columns.map((name) => this.#wanted.indexOf(name));
    this.#setting = setting;
    this.#rows = columns.map(() => new Map<string, number>());
  }

  begin(all: readonly Column[]): readonly string[] {
    const { dataset } = this.#setting;
    const columns = needColumns(all, this.#wanted, dataset);
    this.#filter.begin(columns.slice(0, this.#filter.columns.length), dataset);
    return this.#wanted;
  }

  row(cells: readonly Cell[]): void {
    if (!this.#filter.fits(cells)) return;
    for (const [index, rows] of this.#rows.entries()) {
      const level = levelOf(cells[this.#places[index] ?? 0] ?? null);
      if (level === undefined) continue;
      rows.set(level, (rows.get(level) ?? 0) + 1);
      if (rows.size > maxValues) throw this.#tooMany(index, `${maxValues} different values`);
    }
  }

  end(): readonly (readonly string[])[] {
    return this.#rows.map((rows, index) => {
      const named = [...rows].filter(([, count]) => count >= this.#setting.minCell).map(([level]) => level);
      if (named.length > queryLimits.levels) throw this.#tooMany(index, `${queryLimits.levels} of them`);
      return named.toSorted();
    });
  }

  #tooMany(index: number, what: string): ComityError {
    const name = printable(this.#columns[index] ?? "", 60);
    return new ComityError(
      "COLUMN_UNFIT",
      `The column ${name} of the dataset ${this.#setting.dataset} makes no groups: it has more than ${what}.`,
      { hint: "Name the `levels` that are meant." },
    );
  }
}
