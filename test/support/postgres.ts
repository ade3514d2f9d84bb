import { after } from "mocha";
import pg from "pg";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { type PostgresServer, startPostgres } from "./postgres-server.js";

let server: Promise<PostgresServer | string> | undefined;
let made = 0;

/** A database for one test, on the one server of this run of the tests. */
export interface TestDatabase {
  /** As in `hub.yaml`. */
  readonly address: string;
  /** Runs statements as the server's owner, on a connection of its own. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** The same rows under another name; nobody may be connected meanwhile. It goes with this one. */
  copy(): Promise<TestDatabase>;
  /** Ends every connection, and has its address lead to another database from then on. */
  replaceBy(other: TestDatabase): Promise<void>;
  drop(): Promise<void>;
}

/** Why there is no PostgreSQL here; undefined when there is. Starts the server at the first call. */
export async function postgresMissing(): Promise<string | undefined> {
  const found = await (server ??= startPostgres());
  return typeof found === "string" ? found : undefined;
}

/** Makes an empty database. */
export const newDatabase = (): Promise<TestDatabase> => makeDatabase("template0");

async function makeDatabase(template: string): Promise<TestDatabase> {
  const found = await (server ??= startPostgres());
  if (typeof found === "string") throw new Error(found);
  const name = `comity_test_${process.pid}_${++made}`;
  const owner = `${found.address}/${found.database}`;
  await ask(owner, `create database ${name} template ${template}`);
  const address = `${found.address}/${name}`;
  const copies: TestDatabase[] = [];
  return {
    address,
    query: (sql) => ask(address, sql),
    async copy() {
      const copy = await makeDatabase(name);
      copies.push(copy);
      return copy;
    },
    async replaceBy(other) {
      const otherName = new URL(other.address).pathname.slice(1);
      await ask(owner, `alter database ${name} allow_connections false`);
      await ask(
        owner,
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`,
      );
      // At once: at no time is there none of the name.
      await ask(
        owner,
        `alter database ${name} rename to ${name}_away; alter database ${otherName} rename to ${name}`,
      );
    },
    async drop() {
      await ask(owner, `drop database if exists ${name}_away with (force)`);
      for (const copy of copies) await copy.drop();
      await ask(owner, `drop database if exists ${name} with (force)`);
    },
  };
}

async function ask(address: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client((await readPostgresAddress(address)).client);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

after(async () => {
  const found = await server;
  if (typeof found === "object") await found.stop();
});
