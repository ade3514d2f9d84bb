import { didYouMean, listWords, printable } from "#kernel/words.js";
import type { TableSpec } from "./connector.js";
import { type CellReader, cellReader } from "./decode.js";
import { dataFault } from "./faults.js";

/** Where the values of one column of a file go. */
export interface Cell extends CellReader {
  readonly name: string;
  /** The place of the value in the row's features, or of its first class; -1 for the target. */
  readonly offset: number;
}

/** How the columns of a file become features and a target. */
export interface Layout {
  /** One for each column of the file; undefined for those that are not read. */
  readonly cells: readonly (Cell | undefined)[];
  /** Values of one row's features. */
  readonly width: number;
  /** Classes of the target; undefined when it is a number. */
  readonly classes: number | undefined;
}

/**
 * Finds the columns of a dataset in a table's header. The features come in the order of the configuration, and the columns
 * of a pattern in natural order (`p2` before `p10`): so every site gives the same meaning to the same feature,
 * whatever the order in its own file. Throws `DATA_INVALID`, with `place` in front.
 */
export function layOut(spec: TableSpec, header: readonly string[], place: string): Layout {
  const cells = new Array<Cell | undefined>(header.length).fill(undefined);
  const exact = new Set(Object.keys(spec.columns));
  const missing: string[] = [];
  let width = 0;
  let classes: number | undefined;
  for (const [pattern, column] of Object.entries(spec.columns)) {
    const found = matches(pattern, header).filter(
      (at) => cells[at] === undefined && (!pattern.includes("*") || !exact.has(header[at] ?? "")),
    );
    if (found.length === 0) missing.push(pattern);
    if (found.length > 1 && !pattern.includes("*"))
      throw dataFault(place, `two columns are named ${JSON.stringify(pattern)}.`);
    const reader = cellReader(column);
    if (reader === undefined) continue;
    for (const at of found) {
      const isTarget = pattern === spec.target;
      cells[at] = { ...reader, name: printable(header[at] ?? "", 60), offset: isTarget ? -1 : width };
      if (isTarget) classes = reader.classes;
      else width += reader.classes ?? 1;
    }
  }
  if (missing.length > 0) {
    const [first = ""] = missing;
    const guess = missing.length === 1 ? didYouMean(first, header).replace(/\?$/, "?") : "";
    throw dataFault(
      place,
      `dataset ${spec.name} needs ${missing.length === 1 ? "the column" : "the columns"} ${listWords(missing.slice(0, 10))}, which the header does not have${guess === "" ? "." : guess}`,
      "The first line of the file must name its columns as agent.yaml does.",
    );
  }
  return { cells, width, classes };
}

/** The places in the header that a name or a pattern with one `*` means, in natural order. */
function matches(pattern: string, header: readonly string[]): number[] {
  const star = pattern.indexOf("*");
  if (star === -1) return header.flatMap((name, at) => (name === pattern ? [at] : []));
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return header
    .map((name, at) => ({ name, at }))
    .filter(
      ({ name }) => name.length >= pattern.length - 1 && name.startsWith(before) && name.endsWith(after),
    )
    .map(({ name, at }) => ({ at, middle: name.slice(before.length, name.length - after.length) }))
    .sort((a, b) => naturalOrder(a.middle, b.middle))
    .map(({ at }) => at);
}

/** Whole numbers by size and before all else; the rest by code unit, the same on every machine. */
function naturalOrder(a: string, b: string): number {
  const [x, y] = [a, b].map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY));
  if (x !== undefined && y !== undefined && x !== y) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
