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
import { type Database, openDatabase, type Statement } from "#kernel/sqlite.js";
import { processTurns } from "#kernel/turns.js";
import type { HubDatabase, Look } from "./database.js";
import { migrate } from "./migrations.js";
import { LocalNotifier } from "./notifier.js";
import type { Schema } from "./schema.js";

/** Opens (or makes) the hub's SQLite file and brings its schema up to date. Throws `STORE_BUSY`, `STORE_DAMAGED`, or what `look` does. */
export async function openSqlite(path: string, look?: Look): Promise<HubDatabase> {
  const db = new Kysely<Schema>({ dialect: new ImmediateDialect({ database: keepStatements(open(path)) }) });
  try {
    await look?.(db, "sqlite");
    await migrate(db, "sqlite", path);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, dialect: "sqlite", alone: true, notifier: new LocalNotifier() };
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

  constructor(settings: SqliteSettings) {
    super(settings);
    this.#settings = settings;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#settings);
  }
}

class ImmediateDriver extends SqliteDriver {
  #connection: DatabaseConnection | undefined;

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return (this.#connection ??= new YieldingConnection(connection));
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

/** SQLite answers within the call: many queries in a row would hold up the event loop, in a transaction too. */
class YieldingConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const turn = processTurns.soon();
    if (turn !== undefined) await turn;
    return this.#connection.executeQuery<R>(query);
  }

  streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}
