import { didYouMean, listWords, printable } from "#kernel/words.js";
import type { ColumnSpec } from "./config.js";
import type { TableSpec } from "./connector.js";
import { type CellReader, cellReader } from "./decode.js";
import { dataFault } from "./faults.js";

/** How the columns of a file become features and a target. The arrays have one item for each column of the file. */
export interface Layout {
  /** As the header names them, safe to print. */
  readonly names: readonly string[];
  /** Undefined for columns that are not read. */
  readonly readers: readonly (CellReader | undefined)[];
  /** The place of a column's value in the row's features, or of its first class; {@link targetOffset} for the target. */
  readonly offsets: Int32Array;
  /** 1 for a feature that is a category: one value for each class. */
  readonly oneHot: Uint8Array;
  /** Values of one row's features. */
  readonly width: number;
  /** Classes of the target; undefined when it is a number. */
  readonly classes: number | undefined;
}

export const targetOffset = -1;

/**
 * Finds the columns of a dataset in a table's header. The features come in the order of the configuration, and the columns
 * of a pattern in natural order (`p2` before `p10`): so every site gives the same meaning to the same feature,
 * whatever the order in its own file. Throws `DATA_INVALID`, with `place` in front.
 */
export function layOut(spec: TableSpec, header: readonly string[], place: string): Layout {
  const readers = new Array<CellReader | undefined>(header.length).fill(undefined);
  const offsets = new Int32Array(header.length);
  const oneHot = new Uint8Array(header.length);
  let width = 0;
  let classes: number | undefined;
  for (const { pattern, column, at } of findColumns(spec, header, place)) {
    const reader = cellReader(column);
    if (reader === undefined) continue;
    readers[at] = reader;
    if (pattern === spec.target) {
      offsets[at] = targetOffset;
      classes = reader.classes;
    } else {
      offsets[at] = width;
      oneHot[at] = reader.classes === undefined ? 0 : 1;
      width += reader.classes ?? 1;
    }
  }
  const names = header.map((name) => printable(name, 60));
  return { names, readers, offsets, oneHot, width, classes };
}

/** A column of the table that the dataset names. */
export interface FoundColumn {
  /** As the configuration names it: its name, or a pattern. */
  readonly pattern: string;
  readonly column: ColumnSpec;
  /** Its place in the table's header. */
  readonly at: number;
}

/**
 * The columns of a dataset in a table's header, in the order of the configuration and those of a pattern in natural order; none twice.
 * Throws `DATA_INVALID`, with `place` in front.
 */
export function findColumns(spec: TableSpec, header: readonly string[], place: string): FoundColumn[] {
  const exact = new Set(Object.keys(spec.columns));
  const taken = new Set<number>();
  const missing: string[] = [];
  const all: FoundColumn[] = [];
  for (const [pattern, column] of Object.entries(spec.columns)) {
    const found = matches(pattern, header).filter(
      (at) => !taken.has(at) && (!pattern.includes("*") || !exact.has(header[at] ?? "")),
    );
    if (found.length === 0) missing.push(pattern);
    if (found.length > 1 && !pattern.includes("*"))
      throw dataFault(place, `two columns are named ${JSON.stringify(pattern)}.`);
    for (const at of found) {
      taken.add(at);
      all.push({ pattern, column, at });
    }
  }
  if (missing.length > 0) {
    const unused = header.filter((_, at) => !taken.has(at));
    throw missingColumns(spec, missing, unused, place);
  }
  return all;
}

function missingColumns(
  spec: TableSpec,
  missing: readonly string[],
  unused: readonly string[],
  place: string,
): Error {
  const [first = "", ...more] = missing;
  const noun = more.length === 0 ? "the column" : "the columns";
  const guess =
    more.length === 0
      ? didYouMean(
          first,
          unused.map((name) => printable(name, 60)),
        )
      : "";
  return dataFault(
    place,
    `dataset ${spec.name} needs ${noun} ${listWords(missing.slice(0, 10))}, which the header does not have${guess || "."}`,
    "The first line of the file must name its columns as agent.yaml does.",
  );
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
