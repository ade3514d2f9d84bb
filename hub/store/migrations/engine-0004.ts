/** What a function is told of its call besides its argument: which call it goes on from, and which transition has made it. */
export const engineStatements: readonly string[] = [
  "alter table effects add column made_seq bigint not null default 0",
  "alter table effects add column resumes text",
];
