import { ComityError } from "#kernel/errors.js";
import { didYouMean, listWords, printable } from "#kernel/words.js";
import type { Column } from "../data/connector.js";

/** Columns that are named in a message; the rest are counted. */
const maxShown = 20;

/** The columns that a work names, in its order. Throws `COLUMN_UNFIT` for one that the dataset has not, with those that it has. */
export function needColumns(all: readonly Column[], names: readonly string[], dataset: string): Column[] {
  return names.map((name) => {
    const found = all.find((column) => column.name === name);
    if (found !== undefined) return found;
    const known = all.map((column) => printable(column.name, 60));
    const shown =
      known.length > maxShown ? [...known.slice(0, maxShown), `${known.length - maxShown} more`] : known;
    const guess = didYouMean(printable(name, 60), known) || ".";
    throw new ComityError(
      "COLUMN_UNFIT",
      `The dataset ${dataset} has no column ${printable(name, 60)}${guess} It has ${listWords(shown)}.`,
    );
  });
}

/** Throws `COLUMN_UNFIT` for a column of texts; `what`: what is asked of it, for example `a mean`. */
export function needNumbers({ name, type, isNumeric }: Column, what: string, dataset: string): void {
  if (isNumeric) return;
  const kind = type === "category" ? "a category with names" : type;
  throw new ComityError(
    "COLUMN_UNFIT",
    `The column ${printable(name, 60)} of the dataset ${dataset} is ${kind}, and ${what} is of numbers.`,
  );
}
