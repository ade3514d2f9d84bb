import { CsvError, parse } from "csv-parse/sync";
import { dataFault } from "./faults.js";
import type { RawRecord } from "./records.js";

/** Takes one cell: `bytes[start, end)` of column `column`. */
type OnCell = (column: number, bytes: Buffer, start: number, end: number) => void;

/**
 * Calls back for each cell of a record and gives the number of cells. A record without any quote is only split at the
 * delimiter, on the bytes (measured: four times as fast as csv-parse on rows of 785 numbers); any other goes to csv-parse.
 * Throws `DATA_INVALID` with `place` in front.
 */
export function readCells(record: RawRecord, delimiter: string, place: () => string, onCell: OnCell): number {
  const { bytes, start, end } = record;
  if (record.quoted) {
    const cells = parseQuoted(bytes.subarray(start, end), delimiter, place);
    for (const [column, text] of cells.entries()) {
      const cell = Buffer.from(text);
      onCell(column, cell, 0, cell.length);
    }
    return cells.length;
  }
  const separator = delimiter.charCodeAt(0);
  let column = 0;
  let from = start;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== separator) continue;
    onCell(column++, bytes, from, at);
    from = at + 1;
  }
  onCell(column++, bytes, from, end);
  return column;
}

/** The cells of a record as texts. */
export function cellTexts(record: RawRecord, delimiter: string, place: () => string): string[] {
  const texts: string[] = [];
  readCells(
    record,
    delimiter,
    place,
    (_column, bytes, start, end) => void texts.push(bytes.toString("utf8", start, end)),
  );
  return texts;
}

function parseQuoted(record: Buffer, delimiter: string, place: () => string): string[] {
  let records: string[][];
  try {
    records = parse(record, { delimiter, relax_column_count: true });
  } catch (error) {
    // Its message may hold a part of the cell, which must not leave the site: see dataFault.
    if (!(error instanceof CsvError)) throw error;
    throw dataFault(
      place(),
      'the quotes of this record are wrong: a quoted cell begins and ends with `"`, and a quote in it is written `""`.',
    );
  }
  const [cells] = records;
  if (cells === undefined || records.length > 1)
    throw dataFault(place(), "this record cannot be split into cells.");
  return cells;
}
