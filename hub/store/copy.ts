import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { ComityError } from "#kernel/errors.js";
import type { Schema } from "./schema.js";

/** A table, as much of it as copying needs. */
interface Table {
  readonly name: string;
  /** The columns of its primary key, in order: every table of the hub has one. */
  readonly key: readonly string[];
  /** Tables whose rows its own name. */
  readonly after: readonly string[];
}

/** What is in a table: as many rows, and a SHA-256 over all of them in the order of the key. */
interface Content {
  readonly rows: number;
  readonly sha256: string;
}

/** What was copied. */
export interface Copied {
  readonly table: string;
  readonly rows: number;
}

/** Rows that are held at a time; one may be as large as the state of a run. */
const pageRows = 100;

/** The rows of one table are read with the others of this type. */
type Row = Readonly<Record<string, unknown>>;

/**
 * Copies every row of `from` into `to`, which has the same tables and no rows in them, and reads both again to compare them. One of the two is
 * a SQLite database, `shape`, which tells of the tables. Throws `STORE_DAMAGED` where they differ.
 */
export async function copyRows(
  from: Kysely<Schema>,
  to: Kysely<Schema>,
  shape: Kysely<Schema>,
  onTable: (copied: Copied) => void,
): Promise<readonly Copied[]> {
  const copied: Copied[] = [];
  for (const table of inOrder(await tablesOf(shape))) {
    let rows = 0;
    for await (const page of pagesOf(from, table)) {
      await to
        .insertInto(table.name as keyof Schema)
        .values(page)
        .execute();
      rows += page.length;
    }
    const [given, found] = [await contentOf(from, table), await contentOf(to, table)];
    if (given.rows !== found.rows || given.sha256 !== found.sha256)
      throw new ComityError(
        "STORE_DAMAGED",
        `The copy of the table ${table.name} is not what was copied: ${found.rows} rows of ${given.rows}.`,
        { hint: "Nothing was switched. Report it; the hub can be started as it was." },
      );
    copied.push({ table: table.name, rows });
    onTable({ table: table.name, rows });
  }
  return copied;
}

/** The tables of a SQLite database, but for those that its schema is kept up to date with. */
async function tablesOf(db: Kysely<Schema>): Promise<readonly Table[]> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'
    and name not glob 'sqlite_*' and name not glob 'kysely_*'`.execute(db);
  const tables: Table[] = [];
  for (const { name } of rows) {
    const columns = await sql<{
      name: string;
      pk: number;
    }>`select name, pk from pragma_table_info(${name})`.execute(db);
    const named = await sql<{ table: string }>`select "table" from pragma_foreign_key_list(${name})`.execute(
      db,
    );
    const key = columns.rows.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk);
    tables.push({ name, key: key.map((column) => column.name), after: named.rows.map(({ table }) => table) });
  }
  return tables;
}

/** Each after those whose rows it names. */
function inOrder(tables: readonly Table[]): readonly Table[] {
  const placed = new Map<string, Table>();
  while (placed.size < tables.length) {
    const next = tables.find(
      ({ name, after }) => !placed.has(name) && after.every((other) => other === name || placed.has(other)),
    );
    if (next === undefined)
      throw new ComityError("INTERNAL", "The tables of the hub name each other in a circle.");
    placed.set(next.name, next);
  }
  return [...placed.values()];
}

/** All rows, in the order of the key, which is the same in either database: texts are compared by their bytes. */
async function* pagesOf(db: Kysely<Schema>, { name, key }: Table): AsyncGenerator<readonly Row[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  let after = sql`true`;
  for (;;) {
    const page =
      await sql<Row>`select * from ${sql.table(name)} where ${after} order by ${columns} limit ${pageRows}`.execute(
        db,
      );
    const last = page.rows.at(-1);
    if (last === undefined) return;
    yield page.rows;
    after = sql`(${columns}) > (${sql.join(key.map((column) => last[column]))})`;
  }
}

async function contentOf(db: Kysely<Schema>, table: Table): Promise<Content> {
  const hash = createHash("sha256");
  let rows = 0;
  for await (const page of pagesOf(db, table)) {
    for (const row of page) hash.update(textOf(row));
    rows += page.length;
  }
  return { rows, sha256: hash.digest("hex") };
}

/** A row as both databases give it, whatever the order of its columns; PostgreSQL keeps U+FFFD for NUL. */
function textOf(row: Row): string {
  const cells = Object.keys(row)
    .sort()
    .map((column) => {
      const cell = row[column];
      if (cell instanceof Uint8Array) return [column, Buffer.from(cell).toString("base64")];
      return [column, typeof cell === "string" ? cell.replaceAll("\0", "\uFFFD") : cell];
    });
  return `${JSON.stringify(cells)}\n`;
}
