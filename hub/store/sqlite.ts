import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
} from "kysely";
import type { Clock } from "#kernel/clock.js";
import { ComityError, isSystemError } from "#kernel/errors.js";
import { type Database, openDatabase, type Statement } from "#kernel/sqlite.js";
import { processTurns } from "#kernel/turns.js";
import type { HubDatabase, Look } from "./database.js";
import { migrate } from "./migrations.js";
import { LocalNotifier } from "./notifier.js";
import { Reach } from "./reach.js";
import type { Schema } from "./schema.js";

/** Opens (or makes) the hub's SQLite file and brings its schema up to date. Throws `STORE_BUSY`, `STORE_DAMAGED`, or what `look` does. */
export async function openSqlite(
  path: string,
  { look, clock }: { readonly look?: Look; readonly clock?: Clock } = {},
): Promise<HubDatabase> {
  const reach = new Reach(clock);
  const database = keepStatements(open(path));
  const db = new Kysely<Schema>({ dialect: new ImmediateDialect({ database }, reach) });
  try {
    await look?.(db, "sqlite");
    await migrate(db, "sqlite", path);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, dialect: "sqlite", alone: true, notifier: new LocalNotifier(), reach };
}

const open = (path: string): Database =>
  openDatabase(path, {
    program: "hub",
    damagedHint: "Check its owner and the disk; restore the last backup if it is damaged.",
  });

/** Statements that are kept; the hub has about a hundred. */
const maxStatements = 500;

/** Kysely has every query compiled anew, which takes SQLite longer than most queries themselves; here each text is compiled once. */
function keepStatements(database: Database): SqliteDatabase {
  const statements = new Map<string, Statement>();
  return {
    close: () => void database.close(),
    prepare(sql) {
      const kept = statements.get(sql);
      if (kept !== undefined) return kept;
      const statement = database.prepare(sql);
      // Queries that grow with their values could be without end.
      if (statements.size >= maxStatements) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

type SqliteSettings = ConstructorParameters<typeof SqliteDriver>[0];

/** Kysely's plain `begin` fails at once when a read turns into a write under another writer; `begin immediate` waits its turn. */
class ImmediateDialect extends SqliteDialect {
  readonly #settings: SqliteSettings;
  readonly #reach: Reach;

  constructor(settings: SqliteSettings, reach: Reach) {
    super(settings);
    this.#settings = settings;
    this.#reach = reach;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#settings, this.#reach);
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #reach: Reach;
  #connection: DatabaseConnection | undefined;

  constructor(settings: SqliteSettings, reach: Reach) {
    super(settings);
    this.#reach = reach;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return (this.#connection ??= new YieldingConnection(connection, this.#reach));
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  /** A full disk has SQLite take the transaction back by itself: that there is none left must not hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error: unknown) => {
      if (!(error instanceof Error && /no transaction is active/.test(error.message))) throw error;
    });
  }
}

/** SQLite answers within the call: many queries in a row would hold up the event loop, in a transaction too. */
class YieldingConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  readonly #reach: Reach;

  constructor(connection: DatabaseConnection, reach: Reach) {
    this.#connection = connection;
    this.#reach = reach;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const turn = processTurns.soon();
    if (turn !== undefined) await turn;
    const fromMs = this.#reach.nowMs();
    try {
      const result = await this.#connection.executeQuery<R>(query);
      this.#reach.answered(fromMs, query.sql === "commit");
      return result;
    } catch (thrown) {
      const error = sqliteError(thrown);
      this.#reach.failed(fromMs, error);
      throw error;
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}

/** What has befallen the disk, as the hub tells it; what says something about a row stays as it is. */
function sqliteError(thrown: unknown): unknown {
  if (isSystemError(thrown, "SQLITE_FULL")) return ComityError.from(thrown);
  if (isSystemError(thrown, "SQLITE_READONLY"))
    return new ComityError("STORE_UNREACHABLE", "The hub's database cannot be written to.", {
      hint: "Has its disk become read-only? The hub goes on by itself when it can be written to.",
      cause: thrown,
    });
  return thrown;
}
