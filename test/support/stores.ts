import { join } from "node:path";
import { afterEach, before, describe } from "mocha";
import { openPostgres } from "#hub/store/postgres.js";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { temporaryFolders } from "./folders.js";
import { newDatabase, postgresMissing, type TestDatabase } from "./postgres.js";
import { skipBecause } from "./skip.js";

/** Opens one database as often as it is called, an earlier store having been closed. */
export type OpenStore = () => Promise<Store>;

/** One suite for every database that can hold a hub's rows. `newPlace` gives a database that is empty, and gone after the test. */
export function onEachStore(title: string, suite: (newPlace: () => Promise<OpenStore>) => void): void {
  describe(`${title} (SQLite)`, () => {
    const opened = closingStores();
    const folder = temporaryFolders();
    suite(async () => {
      const path = join(await folder(), "hub.db");
      return async () => opened(new Store(await openSqlite(path)));
    });
  });
  describe(`${title} (PostgreSQL)`, () => {
    skipWithoutPostgres();
    const opened = closingStores();
    const database = temporaryDatabases();
    suite(async () => {
      const address = await readPostgresAddress((await database()).address);
      return async () => opened(new Store(await openPostgres(address, { alone: true })));
    });
  });
}

/** Counts the tests of a suite as skipped where no PostgreSQL can be had, and says why. */
export function skipWithoutPostgres(): void {
  before(async function () {
    const reason = await postgresMissing();
    if (reason !== undefined) skipBecause(this, reason);
  });
}

/** Databases that are dropped after each test of the suite that calls this. */
export function temporaryDatabases(): () => Promise<TestDatabase> {
  const made: TestDatabase[] = [];
  afterEach(async () => {
    for (const database of made.splice(0)) await database.drop();
  });
  return async () => {
    const database = await newDatabase();
    made.push(database);
    return database;
  };
}

/** Has stores closed after each test of the suite that calls this; before what they lie in is removed, so call it first. */
export function closingStores(): (store: Store) => Store {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  return (store) => {
    stores.push(store);
    return store;
  };
}
