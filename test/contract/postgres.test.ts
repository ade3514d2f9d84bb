import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { saveInvitedSite } from "#hub/store/admission.js";
import { openPostgres, type PostgresUse } from "#hub/store/postgres.js";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { listSites, saveCatalogue } from "#hub/store/sites.js";
import { Store } from "#hub/store/store.js";
import { deferred } from "#kernel/async.js";
import { parseSiteId } from "#kernel/ids.js";
import { newWorld, TestEngine, workflowOf } from "../support/engines.js";
import type { TestDatabase } from "../support/postgres.js";
import { closingStores, skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";

const site = parseSiteId("acme/a");
const dataset = {
  name: "d",
  columns: [],
  labels: {},
  trainRows: 1,
  testRows: 1,
  target: "y",
  connector: "csv",
};

describe("PostgreSQL itself", () => {
  skipWithoutPostgres();
  const opened = closingStores();
  const database = temporaryDatabases();
  const openAt = async (at: TestDatabase, use: PostgresUse = {}) =>
    opened(new Store(await openPostgres(await readPostgresAddress(at.address), use)));
  /** Ends connections as a failing network would: those that wait for hints, or those that work. */
  const breakOff = (at: TestDatabase, which: "listen" | "other") =>
    at.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
      and pid <> pg_backend_pid() and (query like 'listen%') = ${which === "listen"}`);

  it("refuses a second hub on the same database, and lets it in when the first has gone", async () => {
    const at = await database();
    const first = await openAt(at, { alone: true });
    await assert.rejects(openAt(at, { alone: true }), {
      code: "STORE_BUSY",
      message: /Another hub is using/,
    });
    await first.close();
    await openAt(at, { alone: true });
  });

  it("has the runs of the hub before it at once: with the database to itself it waits for no lease", async () => {
    const at = await database();
    const engines: TestEngine[] = [];
    const engineAt = async (use: PostgresUse) => {
      engines.push(new TestEngine(await openAt(at, use), newWorld()));
      return engines.at(-1)?.engine;
    };
    try {
      await (await engineAt({}))?.resume();
      await engines[0]?.start(workflowOf("  - long: { wait: { hours: 1 } }"));
      assert.equal(await (await engineAt({}))?.resume(), 0, "the first may still be there");
      assert.equal(await (await engineAt({ alone: true }))?.resume(), 1);
    } finally {
      for (const { engine } of engines) await engine.stop();
    }
  });

  it("goes on by itself when its connections were broken, and keeps what was confirmed", async () => {
    const at = await database();
    const store = await openAt(at, { alone: true });
    await store.write(({ db }) => saveInvitedSite(db, site, {}, 1));
    const looked = deferred<string | undefined>();
    store.notifier.listen("run", looked.resolve);
    await breakOff(at, "other");
    await breakOff(at, "listen");
    assert.equal(await looked.promise, undefined, "hints may have been missed");
    assert.equal((await listSites(store.db)).length, 1);
    await store.write(({ db }) => saveInvitedSite(db, parseSiteId("acme/b"), {}, 1));
    assert.equal((await listSites(store.db)).length, 2);
  });

  it("tells a hub that lost its seat to another", async () => {
    const at = await database();
    const lost = deferred<unknown>();
    await openAt(at, { alone: true, onLost: lost.resolve });
    // Somebody else waits for the seat, and is there first when it becomes free.
    const taken = at.query("select pg_advisory_lock(7201000002), pg_sleep(4)");
    const waits =
      "select 1 from pg_locks where locktype = 'advisory' and not granted and database is not null";
    while ((await at.query(waits)).length === 0);
    await breakOff(at, "listen");
    const error = await lost.promise;
    assert.equal((error as { code?: unknown }).code, "STORE_BUSY");
    await taken;
  });

  it("fails a write whose connection breaks, wholly, and does the next", async () => {
    const at = await database();
    const store = await openAt(at);
    const writing = store.write(async ({ db }) => {
      await saveInvitedSite(db, site, {}, 1);
      await breakOff(at, "other");
      await saveInvitedSite(db, parseSiteId("acme/b"), {}, 1);
    });
    await assert.rejects(writing, { code: "STORE_UNREACHABLE" });
    assert.deepEqual(await listSites(store.db), []);
    await store.write(({ db }) => saveInvitedSite(db, site, {}, 1));
    assert.equal((await listSites(store.db)).length, 1);
  });

  it("confirms nothing of a transaction in which a failure was hidden", async () => {
    const store = await openAt(await database());
    const hiding = () =>
      store.write(async ({ db }) => {
        await saveInvitedSite(db, site, {}, 1);
        await saveCatalogue(db, parseSiteId("acme/nowhere"), [dataset]).catch(() => undefined);
      });
    const other = () => store.write(({ db }) => saveInvitedSite(db, parseSiteId("acme/b"), {}, 1));
    await assert.rejects(hiding(), /could not be committed/);
    const outcomes = await Promise.allSettled([hiding(), other()]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.deepEqual(await listSites(store.db), []);
    await other();
    assert.equal((await listSites(store.db)).length, 1);
  });

  it("has writers of two programs take turns, so that what one has read stays true", async () => {
    const at = await database();
    const stores = [await openAt(at), await openAt(at)];
    await stores[0]?.write(({ db }) => saveInvitedSite(db, site, { count: "0" }, 1));
    const add = (store: Store) =>
      store.write(async ({ db }) => {
        const [found] = await listSites(db, site);
        await saveInvitedSite(db, site, { count: String(Number(found?.labels["count"]) + 1) }, 1);
      });
    await Promise.all(Array.from({ length: 20 }, () => stores.map(add)).flat());
    assert.equal((await listSites(stores[1]?.db ?? assert.fail(), site))[0]?.labels["count"], "40");
  });

  it("reads while it writes", async () => {
    const store = await openAt(await database());
    await store.write(async ({ db }) => {
      await saveInvitedSite(db, site, {}, 1);
      const reads = Array.from({ length: 20 }, () => listSites(store.db));
      assert.ok(
        (await Promise.all(reads)).every((found) => found.length === 0),
        "not committed yet",
      );
    });
    assert.equal((await listSites(store.db)).length, 1);
  });

  it("hands hints to all who share the database, after the commit, and to each once", async () => {
    const at = await database();
    const [here, there] = [await openAt(at), await openAt(at)];
    const heard: string[] = [];
    const last = deferred();
    for (const [name, store] of Object.entries({ here, there })) {
      store.notifier.listen("run", (key) => {
        heard.push(`${name} ${key}`);
        if (heard.includes("here r2") && heard.includes("there r2")) last.resolve();
      });
    }
    const failing = here.write((tx) => {
      here.notifier.notify(tx, "run", "r0");
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    await here.write((tx) => here.notifier.notify(tx, "run", "r1"));
    await here.write((tx) => here.notifier.notify(tx, "run", "r2"));
    await last.promise;
    assert.deepEqual(heard.toSorted(), ["here r1", "here r2", "there r1", "there r2"]);
  });

  it("has everything looked at when there are too many hints to tell, or somebody else speaks on the channel", async () => {
    const at = await database();
    const [here, there] = [await openAt(at), await openAt(at)];
    let heard = deferred<string | undefined>();
    there.notifier.listen("run", (key) => heard.resolve(key));
    await here.write((tx) => {
      for (let run = 0; run < 500; run++) here.notifier.notify(tx, "run", `a run with a long name ${run}`);
    });
    assert.equal(await heard.promise, undefined);
    heard = deferred();
    await at.query("notify comity, 'anything'");
    assert.equal(await heard.promise, undefined);
  });

  it("refuses a server that may lose what it has confirmed", async () => {
    const at = await database();
    await at.query("alter role comity set synchronous_commit = off");
    try {
      await assert.rejects(openAt(at), { code: "CONFIG_INVALID", message: /synchronous_commit is off/ });
    } finally {
      await at.query("alter role comity reset synchronous_commit");
    }
  });

  it("refuses the schema of a newer hub", async () => {
    const at = await database();
    await (await openAt(at)).close();
    await at.query(
      "insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01T00:00:00.000Z')",
    );
    await assert.rejects(openAt(at), { code: "STORE_DAMAGED", message: /cannot be brought up to date/ });
  });

  it("says what is wrong with the address, and never shows the password", async () => {
    const at = new URL((await database()).address);
    const wrong = (change: Partial<Pick<URL, "password" | "port" | "pathname">>): TestDatabase =>
      ({ address: Object.assign(new URL(at), change).href }) as TestDatabase;
    const cases = [
      [wrong({ password: "hunter2" }), "CONFIG_INVALID"],
      [wrong({ password: "hunter2", pathname: "/nowhere" }), "CONFIG_INVALID"],
      [wrong({ password: "hunter2", port: "1" }), "STORE_UNREACHABLE"],
    ] as const;
    for (const [address, code] of cases) {
      await assert.rejects(openAt(address), (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, code);
        assert.doesNotMatch(JSON.stringify([error.message, error.hint, error]), /hunter2/);
        return true;
      });
    }
  });
});
