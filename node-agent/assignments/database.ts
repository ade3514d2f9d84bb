import { ComityError } from "#kernel/errors.js";
import { type Database, openDatabase } from "#kernel/sqlite.js";
import { eventSchema } from "../events/journal.js";
import { stateSchema } from "./state-rows.js";

const firstSchema = `
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

/** Who asked, for what, on whose terms; and values beside updates. An offer without a base model has the empty text as `base_sha256`. */
const termsSchema = `
alter table decisions add column stage text;
alter table decisions add column function text;
alter table decisions add column requester text;
alter table decisions add column release text;
alter table decisions add column min_sites integer;
alter table decisions add column inputs text;
alter table decisions add column value_sha256 text;
create table secrets (name text primary key, value blob not null) strict, without rowid;
`;

/** What each version of the schema has added. */
const versions = [firstSchema, eventSchema, termsSchema, stateSchema];

/**
 * Opens (or makes) the agent's own database. The lock on it is held until it is closed or the process ends:
 * one agent, one folder. Throws `STORE_BUSY`, `STORE_DAMAGED`, `DIRECTORY_INVALID`.
 */
export function openJournal(path: string): Database {
  return openDatabase(path, {
    program: "agent",
    damagedHint:
      "Check its owner and the disk. If the file is damaged, move it away: the hub offers again what has no receipt.",
    prepare: (database) => migrate(database, path),
  });
}

function migrate(database: Database, path: string): void {
  const found = Number(database.pragma("user_version", { simple: true }));
  if (found === versions.length) return;
  if (found > versions.length) {
    throw new ComityError("DIRECTORY_INVALID", `${path} was written by a newer agent (schema ${found}).`, {
      hint: "Start that version of comity in this folder.",
    });
  }
  database.transaction(() => {
    for (const version of versions.slice(found)) database.exec(version);
    database.pragma(`user_version = ${versions.length}`);
  })();
}
