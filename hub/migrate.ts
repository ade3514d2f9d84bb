import { existsSync } from "node:fs";
import { readFile, rename } from "node:fs/promises";
import { type Document, parseDocument } from "yaml";
import { ComityError } from "#kernel/errors.js";
import { syncPath, writeFileAtomic } from "#kernel/files.js";
import { hubPaths, readHubConfig } from "./config.js";
import { openHubStore, openNewDatabase } from "./database.js";
import { type Copied, copyRows } from "./store/copy.js";
import type { HubDatabase } from "./store/database.js";
import { openSqlite } from "./store/sqlite.js";

/** Where the rows of a hub are to be: in a file of its folder, or in PostgreSQL. */
export type Target = "sqlite" | { readonly postgres: string };

interface Wish {
  readonly dir: string;
  readonly to: Target;
  readonly onTable?: (copied: Copied) => void;
}

/**
 * Moves the rows of a hub that is stopped to the other kind of database: all are copied in one transaction and compared, then `hub.yaml` names
 * the new place. The old database stays as it was. Throws `STORE_BUSY` while the hub runs, `ALREADY_EXISTS` where the new place holds a hub,
 * `ARGUMENT_INVALID` where the rows are there already.
 */
export async function migrateHub({ dir, to, onTable = () => undefined }: Wish): Promise<readonly Copied[]> {
  const { database } = await readHubConfig(dir);
  if ((database === undefined) === (to === "sqlite"))
    throw new ComityError(
      "ARGUMENT_INVALID",
      `The rows of this hub are in ${database === undefined ? "SQLite" : "PostgreSQL"} already.`,
      {
        hint: "From one server to another, pg_dump and pg_restore take them; then change `database` in hub.yaml.",
      },
    );
  const { database: file } = hubPaths(dir);
  const beside = `${file}.new`;
  const from = await openHubStore({ dir, database });
  try {
    if (to === "sqlite" && existsSync(beside))
      throw new ComityError("ALREADY_EXISTS", `${beside} is there, of an attempt that was broken off.`, {
        hint: "Remove it, and try again.",
      });
    const target = to === "sqlite" ? await openSqlite(beside) : await openNewDatabase(dir, to);
    const copied = await fill(target, (db) => copyRows(from.db, db, to === "sqlite" ? db : from.db, onTable));
    if (to === "sqlite") await takePlace(beside, file);
    await name(dir, to);
    return copied;
  } finally {
    await from.close();
  }
}

/** All rows or none. */
async function fill<T>(
  { db, notifier }: HubDatabase,
  copy: (db: HubDatabase["db"]) => Promise<T>,
): Promise<T> {
  try {
    return await db.transaction().execute(copy);
  } finally {
    await notifier.close();
    await db.destroy();
  }
}

/** What else lies beside a SQLite file that was not closed in good order: it belongs to that file alone. */
const companions = ["", "-wal", "-shm"];

/** A file of before stays, under another name. */
async function takePlace(beside: string, file: string): Promise<void> {
  if (existsSync(file)) {
    let count = 1;
    while (existsSync(`${file}.old-${count}`)) count++;
    // The file itself goes last: without it, the others are nothing.
    for (const companion of companions.toReversed())
      if (existsSync(file + companion)) await rename(file + companion, `${file}.old-${count}${companion}`);
  }
  await rename(beside, file);
  await syncPath(file);
}

/** From here on the hub has its rows there. */
async function name(dir: string, to: Target): Promise<void> {
  const { config } = hubPaths(dir);
  const document: Document = parseDocument(await readFile(config, "utf8"));
  if (to === "sqlite") document.delete("database");
  else document.set("database", document.createNode(to));
  // The address of a database may hold a password.
  await writeFileAtomic(config, document.toString(), 0o600);
}
