import { createRequire } from "node:module";
import type BetterSqlite3 from "better-sqlite3";

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
