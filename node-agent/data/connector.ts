import type { ColumnSpec, DatasetConfig } from "./config.js";

/** Which rows of a dataset: those to train on, or those to test on. */
export type Part = "train" | "test";

/** Rows in memory, ready for training. They never leave the site. */
export interface Rows {
  readonly count: number;
  /** Values of one row's features. */
  readonly width: number;
  /** `count` x `width` values, row by row. */
  readonly features: Float32Array;
  /** One value for each row: the class's index when the target is a category, else the number itself. */
  readonly targets: Float32Array;
  /** Classes of the target; undefined when it is a number. */
  readonly classes: number | undefined;
}

/** How many rows a dataset has. */
export interface RowCounts {
  readonly train: number;
  readonly test: number;
}

/** What every connector must be told about a dataset, wherever the rows lie. */
export interface TableSpec {
  /** The dataset's name, for messages. */
  readonly name: string;
  /** Names, or patterns with one `*`, and what is in them. */
  readonly columns: Readonly<Record<string, ColumnSpec>>;
  /** The column to predict. */
  readonly target: string;
}

/** The value of one cell, exactly: a number in float64, a text without blanks around it, null where there is none. */
export type Cell = number | string | null;

/** A column that can be read. */
export interface Column {
  /** As the data names it. */
  readonly name: string;
  /** As agent.yaml declares it. */
  readonly type: ColumnSpec["type"];
  /** Whether its values are numbers, not texts. */
  readonly isNumeric: boolean;
}

/** Takes rows one after the other; nobody keeps them. */
export interface RowReader {
  /** Called once, before any row: of all columns that there are, those whose values are wanted, none twice. What it throws ends the reading. */
  begin(columns: readonly Column[]): readonly string[];
  /** The values of one row, in the order of the wanted columns; the list is good until it returns. */
  row(cells: readonly Cell[]): void;
}

/** A way to reach rows: one for each kind of place they may lie in. */
export interface Connector {
  /** Counts the rows, and checks that the columns are there. Throws `DATA_INVALID`. */
  count(): Promise<RowCounts>;
  /** Reads one part. Throws `DATA_INVALID` with place, value and what is allowed. */
  load(part: Part): Promise<Rows>;
  /**
   * Reads one part, or all rows, exactly and one after the other; memory does not grow with the rows. An empty cell is a missing value.
   * Throws `DATA_INVALID` with the place and what is allowed, and what the reader throws.
   */
  scan(part: Part | "all", reader: RowReader): Promise<void>;
  /** Changes when the rows may have changed. */
  version(): Promise<string>;
}

/** A kind of place that rows may lie in. */
export interface ConnectorKind {
  /** As `connector` in agent.yaml names it. */
  readonly name: string;
  /** Reads nothing yet. Paths are relative to `directory`. */
  open(config: DatasetConfig, directory: string): Connector;
}
