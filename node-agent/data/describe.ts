import type { DatasetConfig } from "./config.js";
import type { RowCounts } from "./connector.js";

/** What the hub may know of a dataset. Never a row. */
export interface DatasetDescription {
  readonly name: string;
  /** As agent.yaml names them, patterns included. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly labels: Readonly<Record<string, string>>;
  /** Rounded down to two significant digits. */
  readonly trainRows: number;
  /** Rounded down to two significant digits. */
  readonly testRows: number;
  readonly target: string;
  readonly connector: string;
}

/** A count rounded down to two significant digits, so that no single row can be inferred: 1,987 gives 1,900. */
export function roundedDown(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(count).toString().length - 2);
  return Math.floor(count / step) * step;
}

/** A dataset as the hub may see it. */
export function describeDataset(config: DatasetConfig, counts: RowCounts): DatasetDescription {
  return {
    name: config.name,
    columns: Object.entries(config.columns).map(([name, { type }]) => ({ name, type })),
    labels: config.labels,
    trainRows: roundedDown(counts.train),
    testRows: roundedDown(counts.test),
    target: config.target,
    connector: config.connector,
  };
}
