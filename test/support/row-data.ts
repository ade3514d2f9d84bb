import type { Cell, Column } from "#node-agent/data/connector.js";
import type { RowWork } from "#node-agent/rows/work.js";

/** A table in memory. */
export interface RowData {
  /** The names of its columns, and whether each is of numbers. */
  readonly columns: Readonly<Record<string, "number" | "text">>;
  readonly rows: readonly (readonly Cell[])[];
}

/** What comes of a work over rows, for a site with these. */
export function foldRows<Body, Value>(
  work: RowWork<Body, Value>,
  body: Body,
  data: RowData,
  minCell = 1,
): Value {
  const names = Object.keys(data.columns);
  const columns = Object.entries(data.columns).map(
    ([name, type]): Column => ({ name, type, isNumeric: type === "number" }),
  );
  const fold = work.begin(body, { dataset: "made up", minCell });
  const places = fold.begin(columns).map((name) => names.indexOf(name));
  for (const row of data.rows) fold.row(places.map((at) => row[at] ?? null));
  return fold.end();
}
