/**
 * What a function is told of its call besides its argument: which call it goes on from, and which transition has made it. The calls
 * that their functions keep, with the transitions that have taken in their ends. By which rules states were made.
 */
export const engineStatements: readonly string[] = [
  "alter table effects add column made_seq bigint not null default 0",
  "alter table effects add column resumes text",
  `create table calls (
    run_id text not null references runs (run_id), effect text not null, function text not null, revision integer not null,
    argument text not null, ref text not null, origin text not null, draw_base bigint not null, created_at_ms bigint not null,
    position bigint not null, state text, status text not null, output text, error text, version bigint not null,
    ended_seq bigint, primary key (run_id, effect))`,
  "alter table transitions add column format integer not null default 1",
  "alter table snapshots add column format integer not null default 1",
  "alter table snapshots add column base_format integer not null default 1",
];
