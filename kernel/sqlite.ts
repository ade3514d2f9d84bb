import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";
import { ComityError, isSystemError } from "./errors.js";

/** A connection to a SQLite file. */
export type Database = BetterSqlite3.Database;
/** A query that SQLite has compiled. */
export type Statement = BetterSqlite3.Statement;

/**
 * Opens SQLite files, with better-sqlite3. Its release 13 uses Node-API 10, which Node.js 22.14 brought; an older Node.js gets release 12.
 * That one, compiled on Node.js 24.19 or newer, ends the process when a statement is collected while no code runs
 * (nodejs/node issue 65446).
 */
export const Database: typeof BetterSqlite3 = load();

function load(): typeof BetterSqlite3 {
  const require = createRequire(import.meta.url);
  if (Number(process.versions["napi"]) >= 10) {
    try {
      return require("better-sqlite3-13") as typeof BetterSqlite3;
    } catch {
      // An optional dependency: where it could not be installed, the other one serves.
    }
  }
  return require("better-sqlite3") as typeof BetterSqlite3;
}

/** Whose file it is, for messages. */
interface DatabaseOwner {
  readonly program: "hub" | "agent";
  /** What to do when the file is damaged. */
  readonly damagedHint: string;
  /** Brings the schema up to date, before anybody else has the database; a ComityError passes through. */
  readonly prepare?: (database: Database) => void;
}

/**
 * Opens (or makes) the file of one program, durable and checked. The lock on it is held until it is closed or the process ends, also
 * when it is killed: one program, one folder. Throws `STORE_BUSY` or `STORE_DAMAGED`.
 */
export function openDatabase(path: string, { program, damagedHint, prepare }: DatabaseOwner): Database {
  let database: Database | undefined;
  try {
    // Whoever holds the lock keeps it, so that waiting for it helps nobody.
    database = new Database(path, { timeout: 250 });
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    // better-sqlite3 opens an existing WAL file at NORMAL, which may lose the last commits with the power.
    database.pragma("synchronous = FULL");
    // 16 MiB of log before it is copied into the file: pages that change all the time are copied once, not at every fourth commit.
    database.pragma("wal_autocheckpoint = 4000");
    database.pragma("foreign_keys = ON");
    database.pragma("trusted_schema = OFF");
    database.pragma("cell_size_check = ON");
    // Takes the lock now, so that a second program is refused at its start and not in the middle of its work.
    database.exec("begin immediate; commit");
    if (database.pragma("synchronous", { simple: true }) !== 2) throw new Error("synchronous is not FULL");
    if (database.pragma("quick_check(1)", { simple: true }) !== "ok") throw new Error("quick_check failed");
    prepare?.(database);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof ComityError) throw cause;
    if (isSystemError(cause, "SQLITE_BUSY")) {
      throw new ComityError("STORE_BUSY", `Another ${program} is using ${path}.`, {
        hint: `Stop it first: one ${program}, one folder.`,
        cause,
      });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ComityError("STORE_DAMAGED", `${path} cannot be opened: ${reason}.`, {
      hint: damagedHint,
      cause,
    });
  }
}
