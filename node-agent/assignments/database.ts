import { Database } from "#kernel/sqlite.js";
import { ComityError, isSystemError } from "#kernel/errors.js";

const schemaVersion = 1;

const schema = `
create table assignments (
  id text primary key,
  attempt integer not null,
  state text not null check (state in ('accepted','answered','done','declined','failed','refused','cancelled')),
  offer text not null,
  answer text,
  bytes blob,
  receipt text,
  code text,
  reason text,
  retryable integer,
  created_at_ms integer not null,
  updated_at_ms integer not null
) strict, without rowid;
create index assignments_open on assignments (created_at_ms) where state in ('accepted', 'answered');
create index assignments_ended on assignments (updated_at_ms) where state not in ('accepted', 'answered');
create table decisions (
  seq integer primary key,
  at_ms integer not null,
  event text not null check (event in ('allowed', 'refused', 'outgoing')),
  assignment_id text not null,
  attempt integer not null,
  run_id text not null,
  run_name text not null,
  round integer not null,
  kind text not null,
  base_sha256 text not null,
  dataset text,
  rule text,
  reason text,
  op_id text,
  sha256 text,
  size_bytes integer,
  samples integer,
  metrics text
) strict;
`;

/**
 * Opens (or makes) the agent's own database. The lock on it is held until it is closed or the process ends:
 * one agent, one folder. Throws `STORE_BUSY`, `STORE_DAMAGED`, `DIRECTORY_INVALID`.
 */
export function openDatabase(path: string): Database {
  let database: Database | undefined;
  try {
    database = new Database(path, { timeout: 250 });
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    // better-sqlite3 opens an existing WAL file at NORMAL, which may lose the last commits with the power.
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
    database.pragma("trusted_schema = OFF");
    database.pragma("cell_size_check = ON");
    // Takes the lock now, so that a second agent is refused at its start and not in the middle of its work.
    database.exec("begin immediate; commit");
    if (database.pragma("synchronous", { simple: true }) !== 2) throw new Error("synchronous is not FULL");
    if (database.pragma("quick_check(1)", { simple: true }) !== "ok") throw new Error("quick_check failed");
    migrate(database, path);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof ComityError) throw cause;
    if (isSystemError(cause, "SQLITE_BUSY")) {
      throw new ComityError("STORE_BUSY", `Another agent is using ${path}.`, {
        hint: "Stop it first: one agent, one folder.",
        cause,
      });
    }
    throw new ComityError(
      "STORE_DAMAGED",
      `${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        hint: "Check its owner and the disk. If the file is damaged, move it away: the hub offers again what has no receipt.",
        cause,
      },
    );
  }
}

function migrate(database: Database, path: string): void {
  const found = database.pragma("user_version", { simple: true });
  if (found === schemaVersion) return;
  if (found !== 0) {
    throw new ComityError(
      "DIRECTORY_INVALID",
      `${path} was written by a newer agent (schema ${String(found)}).`,
      {
        hint: "Start that version of comity in this folder.",
      },
    );
  }
  database.transaction(() => {
    database.exec(schema);
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}
