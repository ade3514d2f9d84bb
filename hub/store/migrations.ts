import { type Kysely, type Migration, Migrator, sql } from "kysely";
import { ComityError } from "#kernel/errors.js";
import type { Dialect } from "./database.js";
import { engineStatements } from "./migrations/engine-0004.js";
import { federatedStatements } from "./migrations/federated.js";
import { storeStatements } from "./migrations/store.js";
import type { Schema } from "./schema.js";

/** The first schema. */
const firstSchema = [
  `create table sites (
    site text primary key, organisation text not null, labels text not null, created_at_ms bigint not null,
    agent_version text, capabilities text not null, last_seen_ms bigint, revoked_at_ms bigint, revoked_reason text)`,
  `create table datasets (
    site text not null references sites (site), name text not null, body text not null, primary key (site, name))`,
  `create table invitations (
    jti text primary key, site text not null references sites (site), invited_by text not null, created_at_ms bigint not null,
    expires_at_ms bigint not null, spki_sha256 text, serial text, consumed_at_ms bigint)`,
  `create table certificates (
    serial text primary key, site text not null references sites (site), spki_sha256 text not null, chain text not null,
    not_before_ms bigint not null, not_after_ms bigint not null, revoked_at_ms bigint)`,
  "create index certificates_site on certificates (site)",
  `create table operators (
    name text primary key, role text not null, jti text not null, created_at_ms bigint not null,
    expires_at_ms bigint not null, removed_at_ms bigint)`,
  `create table operations (
    op_id text primary key, actor text not null, method text not null, content_sha256 text not null,
    reply text not null, at_ms bigint not null)`,
  "create table workflows (sha256 text primary key, body text not null, created_at_ms bigint not null)",
  `create table runs (
    run_id text primary key, name text not null, workflow_sha256 text not null references workflows (sha256), state text not null,
    started_by text not null, started_at_ms bigint not null, ended_at_ms bigint, error_code text, error_text text,
    event_seq integer not null default 0)`,
  "create index runs_state on runs (state)",
  `create table tasks (
    run_id text not null references runs (run_id), ref text not null, call text not null, state text not null,
    started_at_ms bigint not null, ended_at_ms bigint, primary key (run_id, ref))`,
  `create table run_events (
    run_id text not null references runs (run_id), seq integer not null, at_ms bigint not null, type text not null,
    round integer not null, site text not null, text text not null, data text not null, primary key (run_id, seq))`,
  "create table blobs (sha256 text primary key, size_bytes bigint not null, created_at_ms bigint not null, released_at_ms bigint)",
  `create table rounds (
    run_id text not null references runs (run_id), round integer not null, state text not null, started_at_ms bigint not null,
    ended_at_ms bigint, deadline_at_ms bigint not null, base_sha256 text not null references blobs (sha256), base_bytes bigint not null,
    model_sha256 text references blobs (sha256), model_bytes bigint, samples bigint not null, metrics text not null,
    primary key (run_id, round))`,
  `create table assignments (
    assignment_id text primary key, run_id text not null references runs (run_id), round integer not null, kind text not null,
    site text not null references sites (site), state text not null, attempt integer not null,
    base_sha256 text not null references blobs (sha256), base_bytes bigint not null, created_at_ms bigint not null,
    deadline_at_ms bigint not null, delivered_at_ms bigint, op_id text, answer_sha256 text,
    update_sha256 text references blobs (sha256), update_bytes bigint, samples bigint not null, metrics text not null,
    reason_code text, reason text)`,
  "create index assignments_round on assignments (run_id, round, kind)",
  "create index assignments_open on assignments (site, state)",
  `create table late_answers (
    assignment_id text not null references assignments (assignment_id), attempt integer not null, site text not null,
    at_ms bigint not null, update_sha256 text, samples bigint not null, primary key (assignment_id, attempt))`,
  `create table model_versions (
    model text not null, version integer not null, sha256 text not null references blobs (sha256), size_bytes bigint not null,
    run_id text not null references runs (run_id), round integer not null, parent integer not null, created_at_ms bigint not null,
    metrics text not null, layers text not null, sites integer not null, primary key (model, version))`,
  "create index model_versions_run on model_versions (run_id, round)",
];

/** The durable engine. What a hub of the first schema was doing goes on as the first call, `e1`, of a workflow of one task. */
const engineSchema = [
  `create table workflow_versions (
    namespace text not null, name text not null, version text not null, sha256 text not null references workflows (sha256),
    source text not null, published_by text not null, published_at_ms bigint not null, primary key (namespace, name, version))`,
  "alter table runs add column start_key text",
  "alter table runs add column workflow text not null default ''",
  "alter table runs add column output text",
  "alter table runs add column error text",
  "alter table runs add column parent text",
  "create unique index runs_start_key on runs (start_key)",
  "create unique index runs_parent on runs (parent)",
  `create table snapshots (
    run_id text primary key references runs (run_id), seq integer not null, workflow_sha256 text not null, state text not null,
    base_seq integer not null, base_state text not null, base_workflow_sha256 text not null,
    live integer not null, continues integer not null, owner text not null, fence integer not null)`,
  "create index snapshots_live on snapshots (live, owner)",
  "create table owners (owner text primary key, lease_until_ms bigint not null)",
  `create table inbox (
    run_id text not null references runs (run_id), item_id text not null, event text not null, primary key (run_id, item_id))`,
  `create table transitions (
    run_id text not null references runs (run_id), seq integer not null, at_ms bigint not null, event text not null,
    state_sha256 text not null, primary key (run_id, seq))`,
  `create table effects (
    run_id text not null references runs (run_id), effect text not null, call text not null, argument text not null,
    ref text not null, created_at_ms bigint not null, cancel_reason text, primary key (run_id, effect))`,
  `create table timers (
    run_id text not null references runs (run_id), timer text not null, due_at_ms bigint not null, primary key (run_id, timer))`,
  "create index timers_due on timers (due_at_ms)",
  `create table listeners (
    run_id text not null references runs (run_id), listener text not null, event_type text not null, filters text not null,
    primary key (run_id, listener, event_type))`,
  "create index listeners_type on listeners (event_type)",
  `create table received_events (
    run_id text not null references runs (run_id), listener text not null, source text not null, event_id text not null,
    primary key (run_id, listener, source, event_id))`,
  `create table schedules (
    namespace text not null, name text not null, workflow_sha256 text not null references workflows (sha256), due_at_ms bigint,
    schedule text not null, since_ms bigint not null, run_id text, primary key (namespace, name))`,
  "create index schedules_due on schedules (due_at_ms)",
  `create table schedule_events (
    namespace text not null, name text not null, source text not null, event_id text not null, position bigint not null,
    group_key text not null, places text not null, body text not null, run_id text,
    primary key (namespace, name, source, event_id))`,
  "create index schedule_events_group on schedule_events (namespace, name, group_key)",
  `create table incoming_events (
    source text not null, event_id text not null, at_ms bigint not null, body text not null, answer text,
    primary key (source, event_id))`,
  "create index incoming_events_at on incoming_events (at_ms)",
  `create table limit_holders (
    limit_key text not null, holder text not null, since_ms bigint not null, primary key (limit_key, holder))`,
  "create index limit_holders_holder on limit_holders (holder)",
  "alter table tasks rename to first_tasks",
  `create table tasks (
    run_id text not null references runs (run_id), ref text not null, name text not null, kind text not null, call text not null,
    state text not null, attempts integer not null, passes integer not null, input text, context text, output text, error text,
    started_at_ms bigint not null, ended_at_ms bigint, primary key (run_id, ref))`,
  `insert into tasks (run_id, ref, name, kind, call, state, attempts, passes, started_at_ms, ended_at_ms)
    select run_id, ref, replace(ref, '/do/0/', ''), 'call', call, state, 1, 1, started_at_ms, ended_at_ms from first_tasks`,
  "drop table first_tasks",
  "alter table rounds add column effect text not null default 'e1'",
  "alter table rounds add column position integer not null default 0",
  "update rounds set position = round",
  "alter table rounds add column error text",
  "create index model_versions_sha256 on model_versions (sha256)",
  "alter table assignments add column effect text not null default 'e1'",
];

/** What a run was started with. Of older runs it is not known. */
const startsSchema = [
  "alter table runs add column input text",
  "alter table runs add column start_workflow_sha256 text",
  "alter table runs add column start_input_sha256 text",
];

/** Every migration in its order; a name, once released, never changes. */
const migrations = {
  "0001-first": firstSchema,
  "0002-engine": engineSchema,
  "0003-starts": startsSchema,
  "0004-engine-facts": engineStatements,
  "0005-federated": federatedStatements,
  "0006-store": storeStatements,
};

/**
 * Brings the schema of a database up to date; hubs that start at the same time take turns. `name` is for people. Throws
 * `STORE_DAMAGED`.
 */
export async function migrate(db: Kysely<Schema>, dialect: Dialect, name: string): Promise<void> {
  const entries = Object.entries(migrations).map(([key, statements]): [string, Migration] => [
    key,
    {
      async up(on: Kysely<never>) {
        for (const statement of statements) await sql.raw(inDialect(statement, dialect)).execute(on);
      },
    },
  ]);
  const provider = { getMigrations: () => Promise.resolve(Object.fromEntries(entries)) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  if (error instanceof ComityError) throw error;
  throw new ComityError("STORE_DAMAGED", `The schema of ${name} cannot be brought up to date.`, {
    hint: "If a newer hub has written it, start that one; else restore a backup.",
    cause: error,
  });
}

/**
 * SQLite compares texts by their bytes, PostgreSQL by the language of its database unless told otherwise. The order of the sites
 * decides the bytes of a model, so that it must be the same everywhere. Bytes have another name.
 */
function inDialect(statement: string, dialect: Dialect): string {
  if (dialect === "sqlite") return statement;
  return statement.replace(/(\w+) text\b/g, '$1 text collate "C"').replace(/\bbytes blob\b/g, "bytes bytea");
}
