/** A store has an identity, a seat for the one hub that writes, and a mark that only grows; `hub/store/belonging` has the rules. */
export const storeStatements: readonly string[] = [
  `create table store (
    store_id text primary key, seat text not null, mark bigint not null, marked_at_ms bigint not null)`,
];
