/**
 * Calls of federated functions become scripts of stages. Tables whose columns may now be empty, or have another meaning, are made anew:
 * SQLite cannot change a column. What was under way is made into calls and stages by `hub/federated/adopt.ts`, which knows the
 * functions; here their rows get the names of their stages.
 */
export const federatedStatements: readonly string[] = [
  `create table stages (
    run_id text not null references runs (run_id), effect text not null, position bigint not null, stage text not null,
    round integer not null, kind text not null, work text not null, inputs text not null, site_state text, rule text not null,
    status text not null, unasked text not null, population integer not null, opened_at_ms bigint not null, closed_at_ms bigint,
    short integer not null, changes bigint not null, waiting integer not null, concurrency integer not null, quiet integer not null,
    primary key (run_id, effect, position, stage))`,
  `create table folds (
    run_id text not null references runs (run_id), effect text not null, position bigint not null, fold text not null,
    result text not null, primary key (run_id, effect, position, fold))`,
  `create table site_states (
    run_id text not null references runs (run_id), origin text not null, name text not null, site text not null,
    position bigint not null, assignment_id text not null, primary key (run_id, origin, name, site, position))`,
  "create table small_blobs (sha256 text primary key references blobs (sha256), bytes blob not null)",
  `create table blob_uses (
    holder text not null, sha256 text not null references blobs (sha256), primary key (holder, sha256))`,
  "create index blob_uses_sha256 on blob_uses (sha256)",
  "drop index assignments_round",
  "drop index assignments_open",
  "alter table late_answers rename to first_late_answers",
  "alter table assignments rename to first_assignments",
  "alter table rounds rename to first_rounds",
  `create table rounds (
    run_id text not null references runs (run_id), round integer not null, effect text not null, position bigint not null,
    revision integer not null, status text not null, started_at_ms bigint not null, ended_at_ms bigint, base_sha256 text references blobs (sha256),
    base_bytes bigint, model_sha256 text references blobs (sha256), model_bytes bigint, samples bigint not null,
    metrics text not null, sites integer not null, primary key (run_id, round))`,
  "create index rounds_call on rounds (run_id, effect, position)",
  `insert into rounds (run_id, round, effect, position, revision, status, started_at_ms, ended_at_ms, base_sha256, base_bytes,
      model_sha256, model_bytes, samples, metrics, sites)
    select run_id, round, effect, position, 1,
      case when state in ('completed', 'failed') then state else 'open' end,
      started_at_ms, ended_at_ms, base_sha256, base_bytes, model_sha256, model_bytes, samples, metrics,
      (select count(*) from first_assignments where first_assignments.run_id = first_rounds.run_id
        and first_assignments.round = first_rounds.round and first_assignments.state = 'delivered'
        and first_assignments.kind = case when first_rounds.model_sha256 is null then 'evaluate' else 'train' end)
    from first_rounds`,
  `create table assignments (
    assignment_id text primary key, run_id text not null references runs (run_id), effect text not null, position bigint not null,
    stage text not null, round integer not null, kind text not null, site text not null references sites (site),
    state text not null, attempt integer not null, part text, issued bigint not null, state_from text,
    created_at_ms bigint not null, deadline_at_ms bigint not null, delivered_at_ms bigint, arrival bigint not null, op_id text,
    answer_sha256 text, update_sha256 text references blobs (sha256), update_bytes bigint, value text, samples bigint not null,
    metrics text not null, behind integer not null, data_version text not null, reason_code text, reason text)`,
  `insert into assignments (assignment_id, run_id, effect, position, stage, round, kind, site, state, attempt, issued,
      created_at_ms, deadline_at_ms, delivered_at_ms, arrival, op_id, answer_sha256, update_sha256, update_bytes, samples, metrics,
      behind, data_version, reason_code, reason)
    select assignment_id, run_id, effect,
      coalesce((select position from first_rounds where first_rounds.run_id = first_assignments.run_id
        and first_rounds.round = first_assignments.round), 0),
      kind, round, kind, site, state, attempt,
      coalesce((select position - 1 from first_rounds where first_rounds.run_id = first_assignments.run_id
        and first_rounds.round = first_assignments.round), 0),
      created_at_ms, deadline_at_ms, delivered_at_ms, 0, op_id, answer_sha256,
      update_sha256, update_bytes, samples, metrics, 1, '', reason_code, reason
    from first_assignments`,
  `create table late_answers (
    assignment_id text not null references assignments (assignment_id), attempt integer not null, site text not null,
    at_ms bigint not null, update_sha256 text, samples bigint not null, primary key (assignment_id, attempt))`,
  "insert into late_answers select assignment_id, attempt, site, at_ms, update_sha256, samples from first_late_answers",
  `insert into blob_uses (holder, sha256)
    select 'model/' || model || '/' || version, sha256 from model_versions`,
  `insert into blob_uses (holder, sha256)
    select 'answer/' || first_assignments.assignment_id, first_assignments.update_sha256
    from first_assignments join first_rounds
      on first_rounds.run_id = first_assignments.run_id and first_rounds.round = first_assignments.round
    where first_rounds.state in ('collecting', 'aggregating') and first_assignments.update_sha256 is not null`,
  "drop table first_late_answers",
  "drop table first_assignments",
  // What its rounds were doing: adopted into calls and stages at the next start, and then gone.
  "alter table first_rounds rename to rounds_to_adopt",
  "create index assignments_round on assignments (run_id, round)",
  "create index assignments_stage on assignments (run_id, effect, position, stage, site)",
  // What is open is little, whatever a run has behind it: what looks for it must not walk over what is done.
  "create index assignments_open on assignments (site) where state in ('offered', 'accepted')",
  "create index assignments_of_call on assignments (run_id, effect) where state in ('offered', 'accepted')",
  "create index stages_open on stages (run_id, effect) where status = 'open'",
  "create index rounds_open on rounds (run_id, effect) where status = 'open'",
  `create table asked_sites (
    run_id text not null references runs (run_id), kind text not null, site text not null, times bigint not null,
    last_round bigint not null, primary key (run_id, kind, site))`,
  `insert into asked_sites (run_id, kind, site, times, last_round)
    select run_id, kind, site, count(*), max(round) from assignments group by run_id, kind, site`,
  // Of streams, which stand at position 0: what has arrived, what is not over, and whom each site's turn was last.
  "create index assignments_arrival on assignments (run_id, effect, stage, arrival) where position = 0",
  `create index assignments_not_done on assignments (run_id, effect, position, stage, site)
    where position = 0 and state not in ('delivered', 'late')`,
  "create index assignments_turn on assignments (run_id, effect, stage, site, issued) where position = 0",
];
