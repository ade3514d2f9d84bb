import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  sql,
} from "kysely";
import pg from "pg";
import type { Clock } from "#kernel/clock.js";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { type Log, silentLog } from "#kernel/log.js";
import type { HubDatabase, Look } from "./database.js";
import { migrate } from "./migrations.js";
import type { PostgresAddress } from "./postgres-address.js";
import { postgresError } from "./postgres-errors.js";
import { PostgresNotifier } from "./postgres-notifier.js";
import { clientSettings, openPool } from "./postgres-pool.js";
import { Reach } from "./reach.js";
import type { Schema } from "./schema.js";

/** Advisory locks, which are the database's own: who writes, and which hub serves. */
const writerLock = 7_201_000_001;
const seatLock = 7_201_000_002;

/** How long the seat of a hub that was just killed may take to become free. */
const seatWaitMs = 2000;

/** How a program uses the database. */
export interface PostgresUse {
  /** No other program may ask for the same: one hub serves a database. Without it, several may share its rows. */
  readonly alone?: boolean;
  /** The seat went to another hub while the connection was broken. */
  readonly onLost?: (error: ComityError) => void;
  readonly look?: Look;
  readonly clock?: Clock;
  readonly log?: Log;
}

/**
 * Opens the hub's PostgreSQL database and brings its schema up to date. Throws `STORE_UNREACHABLE`, `STORE_BUSY` (another hub has it),
 * `STORE_DAMAGED`, what `look` throws, or `CONFIG_INVALID`: the server refuses the hub, or may lose what it has confirmed.
 */
export async function openPostgres(address: PostgresAddress, use: PostgresUse = {}): Promise<HubDatabase> {
  const { log = silentLog, alone = false, onLost = () => undefined, look, clock } = use;
  const { name } = address;
  const connect = () => connectAlone(address, alone);
  const notifier = await PostgresNotifier.open({ connect, onLost, log });
  const reach = new Reach(clock);
  const db = new Kysely<Schema>({ dialect: new TurnsDialect({ pool: openPool(reach, address, log) }) });
  try {
    await checkServer(db, name);
    await look?.(db, "postgres");
    await migrate(db, "postgres", name);
    return { db, dialect: "postgres", alone, notifier, reach };
  } catch (error) {
    await notifier.close();
    await db.destroy();
    // Whoever starts a hub is to know which database it is.
    const named = error instanceof ComityError ? postgresError(error.cause, name) : error;
    throw named instanceof ComityError ? named : error;
  }
}

/** "Acknowledged is durable" is the server's promise too. */
async function checkServer(db: Kysely<Schema>, name: string): Promise<void> {
  const setting = (key: string) => sql<string>`current_setting(${key})`.as(key);
  const asked = ["synchronous_commit", "fsync", "server_encoding", "server_version_num"].map(setting);
  const found = await db.selectNoFrom(asked).executeTakeFirstOrThrow();
  const wrong = [
    ...(found["synchronous_commit"] === "off" ? ["synchronous_commit is off"] : []),
    ...(found["fsync"] === "off" ? ["fsync is off"] : []),
    ...(found["server_encoding"] === "UTF8" ? [] : [`its encoding is ${found["server_encoding"]}, not UTF8`]),
    ...(Number(found["server_version_num"]) < 130_000 ? ["it is older than PostgreSQL 13"] : []),
  ];
  if (wrong.length === 0) return;
  throw new ComityError("CONFIG_INVALID", `The database ${name} cannot hold a hub: ${wrong.join("; ")}.`, {
    hint: "A hub confirms only what is durable: switch synchronous_commit and fsync on.",
  });
}

/** The one connection that stays: it listens, and holds the seat. */
async function connectAlone(address: PostgresAddress, alone: boolean): Promise<pg.Client> {
  const client = new pg.Client(clientSettings(address));
  // Without a listener an error before the end of this function would end the process.
  const ignore = () => undefined;
  client.on("error", ignore);
  try {
    await client.connect();
    if (alone) {
      await client.query(`set lock_timeout = ${seatWaitMs}`);
      await client.query("select pg_advisory_lock($1)", [seatLock]);
    }
    client.off("error", ignore);
    return client;
  } catch (error) {
    await client.end().catch(ignore);
    if (isSystemError(error, "55P03")) {
      throw new ComityError("STORE_BUSY", `Another hub is using the database ${address.name}.`, {
        hint: "Stop it first: one hub, one database.",
        cause: error,
      });
    }
    throw postgresError(error, address.name);
  }
}

/**
 * Has writers take turns, also those of several hubs, as SQLite's `begin immediate` does: what a transaction has read stays true until it
 * has written. Readers wait for nobody.
 */
class TurnsDialect extends PostgresDialect {
  readonly #settings: PostgresDialectConfig;

  constructor(settings: PostgresDialectConfig) {
    super(settings);
    this.#settings = settings;
  }

  override createDriver(): Driver {
    return new TurnsDriver(this.#settings);
  }
}

class TurnsDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`begin; select pg_advisory_xact_lock(${writerLock})`));
  }
}
