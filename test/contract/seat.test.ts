import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "mocha";
import { openHubStore } from "#hub/database.js";
import { initHub } from "#hub/init.js";
import { saveInvitedSite } from "#hub/store/admission.js";
import { listSites } from "#hub/store/sites.js";
import { deferred } from "#kernel/async.js";
import type { ComityError } from "#kernel/errors.js";
import { parseSiteId } from "#kernel/ids.js";
import { temporaryFolders } from "../support/folders.js";
import { freePorts } from "../support/hub.js";
import type { TestDatabase } from "../support/postgres.js";
import { closingStores, skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";
import { TcpProxy } from "../support/tcp-proxy.js";

describe("the seat of the hub that writes, where a proxy stands before PostgreSQL", () => {
  skipWithoutPostgres();
  const opened = closingStores();
  const newDatabase = temporaryDatabases();
  const folder = temporaryFolders();

  /** A hub's folder and database, and two ways to them. */
  const newHome = async () => {
    const database = await newDatabase();
    const { hostname: host, port } = new URL(database.address);
    const proxy = await TcpProxy.start({ host, port: Number(port) });
    const dir = join(await folder(), "hub");
    const [controlPort, agentPort] = await freePorts();
    await initHub(dir, { name: "test", names: [], controlPort, agentPort, database: database.address });
    const lost = deferred<ComityError>();
    const open = async (postgres: string) =>
      opened(await openHubStore({ dir, database: { postgres }, onLost: lost.resolve }));
    const throughProxy = Object.assign(new URL(database.address), { port: String(proxy.port) }).href;
    return {
      database,
      proxy,
      lost: lost.promise,
      first: () => open(throughProxy),
      second: async () => opened(await openHubStore({ dir, database: { postgres: database.address } })),
      [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
    };
  };
  type Opened = Awaited<ReturnType<Awaited<ReturnType<typeof newHome>>["first"]>>;
  const add = (store: Opened, name: string) =>
    store.write(({ db }) => saveInvitedSite(db, parseSiteId(name), {}, 1));
  const sitesOf = async (store: Opened) => (await listSites(store.db)).map(({ id }) => id);
  /** As the server does with connections whose other end it takes for gone. */
  const endAtServer = (database: TestDatabase, which: string) =>
    database.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and ${which}`);

  it("is lost by the row alone: its connection was ended at the server, and its socket says nothing", async () => {
    await using home = await newHome();
    const first = await home.first();
    await add(first, "acme/before");
    home.proxy.hideEnds();
    await endAtServer(home.database, "query like 'listen%'");
    const second = await home.second();
    await assert.rejects(add(first, "acme/of-the-loser"), {
      code: "STORE_BUSY",
      message: /Another hub writes to the database/,
    });
    await add(second, "acme/after");
    assert.deepEqual(await sitesOf(second), ["acme/after", "acme/before"]);
    assert.equal((await home.lost).code, "STORE_BUSY");
  });

  it("is noticed to be lost within a second or two by a hub that writes nothing", async () => {
    await using home = await newHome();
    await home.first();
    home.proxy.hideEnds();
    await endAtServer(home.database, "query like 'listen%'");
    await home.second();
    const from = performance.now();
    assert.equal((await home.lost).code, "STORE_BUSY");
    assert.ok(performance.now() - from < 5_000);
  });

  it("stays with a hub whose connections stall, for nobody knows that it is gone", async () => {
    await using home = await newHome();
    const first = await home.first();
    home.proxy.freeze();
    const writing = add(first, "acme/a");
    await assert.rejects(home.second(), { code: "STORE_BUSY" });
    home.proxy.thaw();
    await writing;
    assert.deepEqual(await sitesOf(first), ["acme/a"]);
  });

  it("has nothing written by a hub that stalled in a transaction, and was given up by the server meanwhile", async () => {
    await using home = await newHome();
    const first = await home.first();
    const goOn = deferred();
    const begun = deferred();
    const writing = first.write(async ({ db }) => {
      await saveInvitedSite(db, parseSiteId("acme/of-the-loser"), {}, 1);
      begun.resolve();
      await goOn.promise;
    });
    writing.catch(() => undefined);
    await begun.promise;
    home.proxy.freeze();
    goOn.resolve();
    await endAtServer(home.database, "application_name = 'comity hub'");
    const second = await home.second();
    await add(second, "acme/after");
    home.proxy.thaw();
    await assert.rejects(writing);
    await assert.rejects(add(first, "acme/again"));
    assert.equal((await home.lost).code, "STORE_BUSY");
    assert.deepEqual(await sitesOf(second), ["acme/after"]);
  });
});
