import { printable } from "#kernel/words.js";
import { cellTexts, readCells } from "./cells.js";
import type { Cell, RowReader, TableSpec } from "./connector.js";
import { type ExactReader, exactReader } from "./decode.js";
import { changedFault, dataFault, emptyFault } from "./faults.js";
import { findColumns } from "./layout.js";
import { type OpenBytes, type RawRecord, readRecords } from "./records.js";

/** The columns of one file that are wanted. */
interface Wanted {
  /** As the header names them, safe to print. */
  readonly names: readonly string[];
  /** One for each column of the file; undefined for those that nobody wants. */
  readonly readers: readonly (ExactReader | undefined)[];
  /** The place of a column's value among the cells. */
  readonly places: Int32Array;
}

/** Reads CSV files exactly, row by row, into one reader: the files of one dataset, one after the other. */
export class CsvScan {
  readonly #table: TableSpec & { readonly delimiter: string };
  readonly #reader: RowReader;
  readonly #open: OpenBytes;
  /** The columns that are wanted, once the first file has begun. */
  #chosen: readonly string[] | undefined;
  #cells: Cell[] = [];

  constructor(table: TableSpec & { readonly delimiter: string }, reader: RowReader, open: OpenBytes) {
    this.#table = table;
    this.#reader = reader;
    this.#open = open;
  }

  /** Reads one file: the rows whose flag is 1, or all. `file` is its name for messages. */
  async read(path: string, file: string, flags?: Uint8Array): Promise<void> {
    let wanted: Wanted | undefined;
    let rows = 0;
    const take = (record: RawRecord): void => {
      if (wanted === undefined) wanted = this.#begin(record, file);
      else if (flags === undefined || flags[rows++] === 1) this.#row(record, wanted, file);
    };
    await readRecords(path, file, take, this.#open);
    if (wanted === undefined) throw emptyFault(file);
    if (flags !== undefined && rows !== flags.length) throw changedFault(file);
  }

  #begin(record: RawRecord, file: string): Wanted {
    const place = `${file}:${record.line}`;
    const header = cellTexts(record, this.#table.delimiter, () => place).map((name) => name.trim());
    const found = findColumns(this.#table, header, place).map(({ column, at }) => {
      const reader = exactReader(column);
      return { name: header[at] ?? "", type: column.type, isNumeric: reader.isNumeric, at, reader };
    });
    const columns = new Map(found.map((column) => [column.name, column]));
    if (columns.size < found.length)
      throw dataFault(place, "two of the columns that agent.yaml means have the same name.");
    const chosen = (this.#chosen ??= this.#reader.begin(
      found.map(({ name, type, isNumeric }) => ({ name, type, isNumeric })),
    ));
    const readers = new Array<ExactReader | undefined>(header.length).fill(undefined);
    const places = new Int32Array(header.length);
    for (const [index, name] of chosen.entries()) {
      const column = columns.get(name);
      if (column === undefined)
        throw dataFault(place, `the header does not have ${JSON.stringify(printable(name, 60))}.`);
      if (readers[column.at] !== undefined) throw new Error(`the column ${column.at} is wanted twice`);
      readers[column.at] = column.reader;
      places[column.at] = index;
    }
    this.#cells = new Array<Cell>(chosen.length).fill(null);
    return { names: header.map((name) => printable(name, 60)), readers, places };
  }

  #row(record: RawRecord, { names, readers, places }: Wanted, file: string): void {
    const cells = this.#cells;
    const place = () => `${file}:${record.line}`;
    const found = readCells(record, this.#table.delimiter, place, (column, bytes, start, end) => {
      const reader = readers[column];
      if (reader === undefined) return;
      const value = reader.read(bytes, start, end);
      if (value === undefined)
        throw dataFault(place(), `the value of ${names[column] ?? ""} must be ${reader.allowed}.`);
      cells[places[column] ?? 0] = value;
    });
    if (found !== readers.length)
      throw dataFault(place(), `this row has ${found} cells; the header has ${readers.length}.`);
    this.#reader.row(cells);
  }
}
