import { CompiledQuery } from "kysely";
import { type Cell, takesNumbers } from "./bulk.js";
import type { Db } from "./schema.js";

/**
 * A statement that is made often: its text is written once, for building a query anew costs more than running it. `?` stands for
 * each value, in either database.
 */
export class Prepared<Row = never> {
  readonly #text: string;
  readonly #numbered: string;

  constructor(text: string) {
    let count = 0;
    this.#text = text;
    this.#numbered = text.replaceAll("?", () => `$${++count}`);
  }

  /** The rows that it gives. */
  async rows(db: Db, values: readonly Cell[]): Promise<readonly Row[]> {
    return (await this.#run(db, values)).rows;
  }

  /** How many rows it has changed. */
  async changes(db: Db, values: readonly Cell[]): Promise<number> {
    return Number((await this.#run(db, values)).numAffectedRows ?? 0);
  }

  #run(db: Db, values: readonly Cell[]) {
    return db.executeQuery<Row>(
      CompiledQuery.raw(takesNumbers(db) ? this.#numbered : this.#text, [...values]),
    );
  }
}
