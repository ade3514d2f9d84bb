import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import pg from "pg";
import type { Log } from "#kernel/log.js";
import type { PostgresAddress } from "./postgres-address.js";
import { isReadOnly, postgresError } from "./postgres-errors.js";
import type { Reach } from "./reach.js";

/** Connections: one writes, the others read. */
const maxConnections = 8;

/** An answer that takes longer never comes; the connection is given up. */
const queryTimeoutMs = 60_000;

/** Queries that the server keeps a plan of; the hub has about a hundred. */
const maxStatements = 500;

/** 64-bit integers and their sums, which pg gives as texts, for fear of numbers that are too large; none of ours is. */
const numberTypes: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC];

const types: pg.CustomTypesConfig = {
  getTypeParser: (type, format) =>
    numberTypes.includes(type) ? Number : (pg.types.getTypeParser(type, format) as (text: string) => unknown),
};

/** The settings of every connection. A server whose hub's machine has vanished notices after half a minute. */
export const clientSettings = (address: PostgresAddress): pg.ClientConfig => ({
  ...address.client,
  types,
  application_name: "comity hub",
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  query_timeout: queryTimeoutMs,
  options:
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 -c jit=off -c client_min_messages=warning",
});

/** The connections that Kysely works on. */
export function openPool(reach: Reach, address: PostgresAddress, log: Log): PostgresPool {
  const pool = new pg.Pool({
    ...clientSettings(address),
    pipeline: true,
    max: maxConnections,
    idleTimeoutMillis: 300_000,
  });
  // A connection that breaks while nobody uses it is replaced at the next use.
  pool.on("error", (error) =>
    log.warn({ err: postgresError(error, address.name) }, "a connection to the database broke"),
  );
  const clients = new WeakMap<pg.PoolClient, Connection>();
  const names = new Map<string, string>();
  return {
    async connect() {
      const fromMs = reach.nowMs();
      try {
        const client = await pool.connect();
        reach.answered(fromMs, false);
        const known = clients.get(client) ?? new Connection(client, names, reach);
        clients.set(client, known);
        return known;
      } catch (thrown) {
        const error = postgresError(thrown);
        reach.failed(fromMs, error);
        throw error;
      }
    },
    end: () => pool.end(),
  };
}

/** Statements whose answers nobody reads: they are sent, and what follows them does not wait. Should one fail, the commit does. */
const unread = /^(begin|savepoint|release)\b/;

const nothing: PostgresQueryResult<never> = { command: "SELECT", rowCount: 0, rows: [] };

class Connection implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  readonly #names: Map<string, string>;
  readonly #reach: Reach;
  /** It is of no use any more, and is replaced. */
  #isSpent = false;
  /** Why an unread statement of this transaction failed. */
  #failure: unknown;

  constructor(client: pg.PoolClient, names: Map<string, string>, reach: Reach) {
    // The query that waits fails as well; an error event that nobody hears would end the process.
    client.on("error", () => undefined);
    this.#client = client;
    this.#names = names;
    this.#reach = reach;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<never>>;
  query(cursor: never): never;
  query(text: string, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<never>> {
    if (text === "commit") return this.#commit();
    if (!unread.test(text)) return this.#ask(text, parameters) as Promise<PostgresQueryResult<never>>;
    this.#client.query(text).catch((error: unknown) => (this.#failure ??= error));
    return Promise.resolve(nothing);
  }

  async #ask(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult<never>> {
    const fromMs = this.#reach.nowMs();
    try {
      const name = parameters.length === 0 ? undefined : this.#nameOf(text);
      const values = parameters.map(storable);
      const result = await this.#client.query<never>({ ...(name !== undefined && { name }), text, values });
      this.#reach.answered(fromMs, result.command === "COMMIT");
      return result;
    } catch (thrown) {
      this.#isSpent ||= isReadOnly(this.#failure ?? thrown);
      const error = postgresError(this.#failure ?? thrown);
      this.#reach.failed(fromMs, error);
      throw error;
    }
  }

  /** The server takes back, without an error, a transaction in which a statement failed, whoever caught that. */
  async #commit(): Promise<PostgresQueryResult<never>> {
    const { command } = await this.#ask(this.#failure === undefined ? "commit" : "rollback", []);
    if (command === "COMMIT") return nothing;
    const failure =
      this.#failure ?? new Error("the transaction could not be committed: a statement in it failed");
    const error = postgresError(failure);
    this.#reach.failed(this.#reach.nowMs(), error);
    throw error;
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= maxStatements) return known;
    const name = `q${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }

  release(): void {
    this.#failure = undefined;
    this.#client.release(this.#isSpent);
  }
}

/** PostgreSQL's texts have no NUL. */
const storable = (value: unknown): unknown =>
  typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
