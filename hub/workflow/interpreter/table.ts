/** How many rows a part of a table has at most. */
const partSize = 64;

/**
 * Rows by ids that end in a number, in parts of neighbours: a change copies one part and the list of parts, not the whole table.
 * Plain JSON.
 */
export type Table<Id extends string, Row> = Readonly<Record<string, Readonly<Record<Id, Row>>>>;

const partOf = (id: string): string => String(Math.floor(Number(id.slice(1)) / partSize));

/** The row of an id, or undefined. */
export function rowOf<Id extends string, Row>(table: Table<Id, Row>, id: Id): Row | undefined {
  return table[partOf(id)]?.[id];
}

/** All rows, roughly in the order of their birth. */
export function rowsOf<Id extends string, Row>(table: Table<Id, Row>): [Id, Row][] {
  return Object.values(table).flatMap((part) => Object.entries<Row>(part) as [Id, Row][]);
}

/** A table that is being changed; the one that it was made of stays as it is. */
export class TableDraft<Id extends string, Row> {
  #table: Record<string, Record<Id, Row>>;
  /** Parts that are copies already; undefined: not even the list of parts is one. */
  #own: Set<string> | undefined;

  constructor(table: Table<Id, Row>) {
    this.#table = table;
  }

  get value(): Table<Id, Row> {
    return this.#table;
  }

  get(id: Id): Row | undefined {
    return rowOf<Id, Row>(this.#table, id);
  }

  set(id: Id, row: Row): void {
    this.#part(id)[id] = row;
  }

  delete(id: Id): void {
    if (this.get(id) === undefined) return;
    const part = this.#part(id);
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    delete part[id];
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    if (Object.keys(part).length === 0) delete this.#table[partOf(id)];
  }

  #part(id: Id): Record<Id, Row> {
    if (this.#own === undefined) {
      this.#table = { ...this.#table };
      this.#own = new Set();
    }
    const key = partOf(id);
    let part: Record<Id, Row> | undefined = this.#table[key];
    if (part === undefined || !this.#own.has(key)) {
      part = { ...part } as Record<Id, Row>;
      this.#table[key] = part;
      this.#own.add(key);
    }
    return part;
  }
}
