import { CompiledQuery, sql } from "kysely";
import type { Db } from "./schema.js";

/** What a row may hold. */
export type Cell = string | number | Uint8Array | null;

/** The type of a column of values. */
type CellType = "text" | "bigint" | "bytes";

/** Rows of one statement at the most: SQLite takes 32,766 values. */
const maxRows = 250;

/**
 * A statement over a list of rows, as SQLite and PostgreSQL both understand it. Its text is made once for each number of rows:
 * building a query anew costs more than running it.
 */
export class Bulk {
  readonly #before: string;
  readonly #types: readonly CellType[];
  readonly #after: string;
  readonly #constants: string;
  readonly #texts = new Map<string, string>();

  /**
   * `before` and `after` stand around `values (…), (…)`; `types` are those of the columns. `constants` are columns behind those with the
   * same number in every row.
   */
  constructor(before: string, types: readonly CellType[], after = "", constants: readonly number[] = []) {
    this.#before = before;
    this.#types = types;
    this.#after = after;
    this.#constants = constants.map((constant) => `, ${constant}`).join("");
  }

  /** Runs it, in pieces if there are many rows; nothing happens where there are none. Returns what `returning` gives. */
  async run<Result>(db: Db, rows: readonly (readonly Cell[])[]): Promise<Result[]> {
    const results: Result[] = [];
    for (let from = 0; from < rows.length; from += maxRows) {
      const piece = rows.slice(from, from + maxRows);
      const query = CompiledQuery.raw(this.#text(db, piece.length), piece.flat());
      const { rows: given } = await db.executeQuery<Result>(query);
      // One by one: a long list as arguments could be too many of them.
      for (const row of given) results.push(row);
    }
    return results;
  }

  #text(db: Db, rows: number): string {
    const numbered = takesNumbers(db);
    const key = `${rows}${numbered ? "$" : "?"}`;
    let text = this.#texts.get(key);
    if (text === undefined) this.#texts.set(key, (text = this.#write(rows, numbered)));
    return text;
  }

  #write(rows: number, numbered: boolean): string {
    let count = 0;
    const place = () => (numbered ? `$${++count}` : "?");
    const list = Array.from({ length: rows }, (_, row) => {
      // PostgreSQL takes the type of a column of values from its first row.
      const cells = this.#types.map((type) =>
        row > 0 || type === "text" ? place() : `cast(${place()} as ${nameOf(type, numbered)})`,
      );
      return `(${cells.join(", ")}${this.#constants})`;
    });
    return `${this.#before} values ${list.join(", ")} ${this.#after}`;
  }
}

/** What SQLite, or the database that writes `$1`, calls a type. */
const nameOf = (type: CellType, numbered: boolean): string =>
  type === "bytes" ? (numbered ? "bytea" : "blob") : type;

const styles = new WeakMap<object, boolean>();

/** Whether the database writes `$1` for what others write `?` for. */
export function takesNumbers(db: Db): boolean {
  const { adapter } = db.getExecutor();
  let numbered = styles.get(adapter);
  if (numbered === undefined) {
    numbered = sql`${1}`.compile(db).sql.startsWith("$");
    styles.set(adapter, numbered);
  }
  return numbered;
}
