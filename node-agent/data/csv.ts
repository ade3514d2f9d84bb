import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { cellTexts, readCells } from "./cells.js";
import type { DatasetConfig } from "./config.js";
import type { Connector, ConnectorKind, Part, RowCounts, RowReader, Rows } from "./connector.js";
import { CsvScan } from "./csv-scan.js";
import { changedFault, dataFault, emptyFault, fileFault } from "./faults.js";
import { type Layout, layOut, targetOffset } from "./layout.js";
import { type OpenBytes, openFile, type RawRecord, readRecords } from "./records.js";
import { testRows } from "./split.js";

/** Plain CSV files. */
export const csvFiles: ConnectorKind = {
  name: "csv",
  open: (config, directory) => new CsvConnector(config, directory),
};

/** Rows in CSV files (RFC 4180, UTF-8, the first line names the columns). */
export class CsvConnector implements Connector {
  readonly #config: DatasetConfig;
  readonly #directory: string;
  readonly #open: OpenBytes;

  /** Paths are relative to `directory`; `open` gives the text of a file. */
  constructor(config: DatasetConfig, directory: string, open = openFile) {
    this.#config = config;
    this.#directory = directory;
    this.#open = open;
  }

  async count(): Promise<RowCounts> {
    const { path, test, split } = this.#config;
    const rows = await this.#countFile(path);
    if (test !== undefined) return { train: rows, test: await this.#countFile(test) };
    if (split === undefined) return { train: rows, test: 0 };
    const tested = testRows(rows, split).reduce((sum, flag) => sum + flag, 0);
    return { train: rows - tested, test: tested };
  }

  async load(part: Part): Promise<Rows> {
    const file = this.#fileOf(part);
    return this.#readFile(file, await this.#flagsOf(part, file));
  }

  async scan(part: Part | "all", reader: RowReader): Promise<void> {
    const { path, test, split } = this.#config;
    const scan = new CsvScan(this.#config, reader, this.#open);
    const files = part === "all" ? [path, ...(test === undefined ? [] : [test])] : [this.#fileOf(part)];
    for (const file of files) {
      const wanted = part === "all" || split === undefined ? undefined : await this.#flagsOf(part, file);
      await scan.read(resolve(this.#directory, file), file, wanted);
    }
  }

  async version(): Promise<string> {
    const files = [this.#config.path, ...(this.#config.test === undefined ? [] : [this.#config.test])];
    const versions = files.map(async (file) => {
      try {
        const { mtimeNs, size } = await stat(resolve(this.#directory, file), { bigint: true });
        return `${mtimeNs.toString()}:${size.toString()}`;
      } catch (error) {
        throw fileFault(file, error);
      }
    });
    return (await Promise.all(versions)).join(" ");
  }

  /** The file that has the rows of a part, perhaps among others. */
  #fileOf(part: Part): string {
    const { name, path, test, split } = this.#config;
    if (part === "train") return path;
    if (test === undefined && split === undefined) {
      throw dataFault(
        `dataset ${name}`,
        "it has no rows to test on.",
        "Give the dataset `test` or `split` in agent.yaml.",
      );
    }
    return test ?? path;
  }

  /** One flag for each row of the file: 1 where it is of the part. */
  async #flagsOf(part: Part, file: string): Promise<Uint8Array> {
    const { split } = this.#config;
    const total = await this.#countFile(file);
    if (split === undefined) return new Uint8Array(total).fill(1);
    const tested = testRows(total, split);
    return part === "test" ? tested : tested.map((flag) => 1 - flag);
  }

  async #countFile(file: string): Promise<number> {
    let rows = -1;
    await this.#read(file, (record) => {
      if (rows++ === -1) this.#header(file, record);
    });
    if (rows === -1) throw emptyFault(file);
    if (rows === 0) throw dataFault(`${file}:2`, "the file has a header and no rows.");
    return rows;
  }

  /** Reads the rows whose flag is 1; there is one flag for each row of the file. */
  async #readFile(file: string, wanted: Uint8Array): Promise<Rows> {
    let layout: Layout | undefined;
    let rows: FilledRows | undefined;
    let row = -1;
    await this.#read(file, (record) => {
      if (layout === undefined || rows === undefined) {
        layout = this.#header(file, record);
        rows = new FilledRows(
          layout,
          wanted.reduce((sum, flag) => sum + flag, 0),
        );
        return;
      }
      row++;
      if (wanted[row] !== 1) return;
      rows.fill(record, this.#config.delimiter, file);
    });
    if (rows === undefined || row + 1 !== wanted.length) throw changedFault(file);
    return rows.take();
  }

  #read(file: string, onRecord: (record: RawRecord) => void): Promise<void> {
    return readRecords(resolve(this.#directory, file), file, onRecord, this.#open);
  }

  #header(file: string, record: RawRecord): Layout {
    const place = `${file}:${record.line}`;
    const names = cellTexts(record, this.#config.delimiter, () => place);
    return layOut(
      this.#config,
      names.map((name) => name.trim()),
      place,
    );
  }
}

/** Rows of a known number, filled one after the other. */
class FilledRows {
  readonly #layout: Layout;
  readonly #features: Float32Array;
  readonly #targets: Float32Array;
  #row = 0;

  constructor(layout: Layout, count: number) {
    this.#layout = layout;
    this.#features = new Float32Array(count * layout.width);
    this.#targets = new Float32Array(count);
  }

  fill(record: RawRecord, delimiter: string, file: string): void {
    // Locals and typed arrays: this runs once for each cell, and the fields of an object cost five times as much there.
    const { names, readers, offsets, oneHot, width } = this.#layout;
    const [features, targets, row] = [this.#features, this.#targets, this.#row];
    const place = () => `${file}:${record.line}`;
    const base = row * width;
    const found = readCells(record, delimiter, place, (column, bytes, start, end) => {
      const reader = readers[column];
      if (reader === undefined) return;
      const value = reader.decode(bytes, start, end);
      if (Number.isNaN(value)) {
        throw dataFault(place(), `the value of ${names[column] ?? ""} must be ${reader.allowed}.`);
      }
      const offset = offsets[column] ?? targetOffset;
      if (offset === targetOffset) targets[row] = value;
      else if (oneHot[column] === 1) features[base + offset + value] = 1;
      else features[base + offset] = value;
    });
    if (found !== readers.length) {
      throw dataFault(place(), `this row has ${found} cells; the header has ${readers.length}.`);
    }
    this.#row++;
  }

  take(): Rows {
    const { width, classes } = this.#layout;
    return { count: this.#row, width, classes, features: this.#features, targets: this.#targets };
  }
}
