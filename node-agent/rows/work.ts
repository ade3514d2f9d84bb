import type { Kind } from "#proto/work/kind.js";
import type { RowReader } from "../data/connector.js";

/** What work over rows may know of where it is done. */
export interface RowSetting {
  /** The dataset's name, for messages. */
  readonly dataset: string;
  /** Rows that each part of what leaves must stand for, by the site's own rules. */
  readonly minCell: number;
}

/** Reads the rows of one work, and then says what comes of them. */
export interface RowFold<Value> extends RowReader {
  end(): Value;
}

/**
 * Work that goes over the rows of a dataset once and keeps none of them. Which dataset and which of its rows, the facts of its kind tell. It
 * is done in a thread of its own: however many rows there are, the session goes on. Pure but for what it throws.
 */
export interface RowWork<Body = unknown, Value = unknown> {
  readonly kind: Kind<Body, never, Value>;
  begin(body: Body, setting: RowSetting): RowFold<Value>;
}
