import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Clock } from "#kernel/clock.js";
import type { Notifier } from "./notifier.js";
import type { Reach } from "./reach.js";
import type { Schema } from "./schema.js";

/** The databases that can hold the hub's rows. */
export type Dialect = "sqlite" | "postgres";

/** Looks at a database before its schema is brought up to date; throws to leave it as it is. */
export type Look = (db: Kysely<Schema>, dialect: Dialect) => Promise<void>;

/** An open database with its schema up to date, and what differs between the dialects. */
export interface HubDatabase {
  readonly db: Kysely<Schema>;
  readonly dialect: Dialect;
  /** No other process has it: whoever had it before is gone. */
  readonly alone: boolean;
  readonly notifier: Notifier;
  /** When it can be reached, and when it could not. */
  readonly reach: Reach;
}

/**
 * The time in milliseconds since 1970, as part of a query: leases are written and compared with it. Where several hubs share a
 * database, its clock is the one that they have in common; a SQLite file has one hub, whose clock counts.
 */
export function sharedNowMs(dialect: Dialect, clock: Clock): RawBuilder<number> {
  switch (dialect) {
    case "sqlite":
      return sql<number>`${clock.nowMs()}`;
    case "postgres":
      return sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
  }
}

/** Rows that another transaction is at are left out, and those found are kept from others. SQLite has one writer: nothing to do. */
export function skipLocked<Query extends { forUpdate(): Query; skipLocked(): Query }>(
  dialect: Dialect,
  query: Query,
): Query {
  return dialect === "postgres" ? query.forUpdate().skipLocked() : query;
}
