import { compileCondition, fieldsOf, misfit } from "#kernel/cel-conditions.js";
import { ComityError } from "#kernel/errors.js";
import { printable } from "#kernel/words.js";
import type { Cell, Column } from "../data/connector.js";

/** The one variable of a filter over rows: the columns are its fields. */
const variable = "row";

/**
 * Which rows a work is about: a condition in CEL over `row`, or all. A row of which it cannot be told, for example as a value is missing,
 * does not fit; nothing of that shows, or one row could be told from others by it.
 */
export class RowFilter {
  /** The columns that it reads. */
  readonly columns: readonly string[];
  readonly #where: string | undefined;
  readonly #holds: ReturnType<typeof compileCondition> | undefined;

  /** Throws `ARGUMENT_INVALID` for what is no condition. */
  constructor(where: string | undefined) {
    this.#where = where;
    this.#holds = where === undefined ? undefined : compileCondition(where, [variable]);
    const found = where === undefined ? { fields: [] } : fieldsOf(where, variable);
    if ("fault" in found)
      throw new ComityError("ARGUMENT_INVALID", `The filter is not clear: ${found.fault}.`);
    this.columns = found.fields;
  }

  /** Before any row: the columns in the order of {@link columns}. Throws `COLUMN_UNFIT` where the filter has no meaning for their types. */
  begin(columns: readonly Column[], dataset: string): void {
    if (this.#where === undefined) return;
    const example = columns.map(({ name, isNumeric }) => [name, isNumeric ? 1 : "a"]);
    const fault = misfit(this.#where, { [variable]: Object.fromEntries(example) as object });
    if (fault === undefined) return;
    throw new ComityError(
      "COLUMN_UNFIT",
      `The filter ${printable(this.#where, 200)} does not fit the columns of the dataset ${dataset}: ${fault}.`,
      { hint: "Numbers of a row are doubles: write `row.age + 1.0`." },
    );
  }

  /** Whether a row fits; its first values are those of {@link columns}. */
  fits(cells: readonly Cell[]): boolean {
    if (this.#holds === undefined) return true;
    const row = Object.create(null) as Record<string, Cell>;
    for (const [index, name] of this.columns.entries()) row[name] = cells[index] ?? null;
    return this.#holds({ [variable]: row }) === true;
  }
}
