import { type Kysely, type Migration, type MigrationProvider, sql } from "kysely";

/** The first schema. */
const first: Migration = {
  async up(db: Kysely<never>) {
    for (const statement of firstSchema) await sql.raw(statement).execute(db);
  },
};

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

/** Every migration in its order; a name, once released, never changes. */
export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ "0001-first": first }),
};
