import assert from "node:assert/strict";
import { copyFile, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { createAuthority } from "#certs/authority.js";
import { Retention } from "#hub/blobs/retention.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { hubPaths, readHubConfig } from "#hub/config.js";
import { openHubStore } from "#hub/database.js";
import { initHub } from "#hub/init.js";
import { saveInvitedSite } from "#hub/store/admission.js";
import { findStoreRow } from "#hub/store/belonging/rows.js";
import { dropHolders, holdBlobs, recordBlob } from "#hub/store/blobs.js";
import { insertCertificate } from "#hub/store/certificates.js";
import { eventsAfter } from "#hub/store/events.js";
import { insertRun, saveWorkflow } from "#hub/store/runs.js";
import { listSites } from "#hub/store/sites.js";
import type { Store } from "#hub/store/store.js";
import { sleep } from "#kernel/async.js";
import { systemClock } from "#kernel/clock.js";
import type { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { newRunId, parseSiteId, type RunId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { temporaryFolders } from "../support/folders.js";
import { freePorts } from "../support/hub.js";
import { closingStores, skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";

/** A hub that is not running, in its folder. */
interface Home {
  readonly dir: string;
  /** Puts an empty database in the place of its own. */
  empty(): Promise<void>;
  /** Keeps a copy of the database as it is; the returned function puts it in its place. */
  copy(): Promise<() => Promise<void>>;
  /** Uses the database of another one. */
  useOf(other: Home): Promise<void>;
}

/** What a database can be replaced by, for each kind of database. */
type Place = (dir: string) => Promise<{ readonly address?: string } & Omit<Home, "dir">>;

function belonging(title: string, newPlace: () => Place): void {
  describe(`a store's identity (${title})`, () => {
    if (title === "PostgreSQL") skipWithoutPostgres();
    const opened = closingStores();
    const folder = temporaryFolders();
    const place = newPlace();

    const newHome = async (): Promise<Home> => {
      const dir = join(await folder(), "hub");
      const { address, ...rest } = await place(dir);
      const [controlPort, agentPort] = await freePorts();
      const database = address === undefined ? {} : { database: address };
      await initHub(dir, { name: "test", names: [], controlPort, agentPort, ...database });
      return { dir, ...rest };
    };
    const open = async (
      { dir }: Home,
      more: { acceptOlder?: true; onLost?: (error: ComityError) => void } = {},
    ) => {
      const { database } = await readHubConfig(dir);
      return opened(await openHubStore({ dir, database, ...more }));
    };
    const row = async (store: Store) => (await findStoreRow(store.db)) ?? assert.fail("no row");
    /** The row that one start has written. */
    const started = async (home: Home) => {
      const store = await open(home);
      const found = await row(store);
      await store.close();
      return found;
    };
    const record = async ({ dir }: Home) =>
      JSON.parse(await readFile(hubPaths(dir).store, "utf8")) as {
        storeId: string;
        mark: number;
        runs: Record<string, number>;
      };
    const addSite = (store: Store, name: string) =>
      store.write(({ db }) => saveInvitedSite(db, parseSiteId(name), {}, 1));
    const addRun = async (store: Store): Promise<RunId> => {
      const [id, workflowSha256] = [newRunId(), hashBytes("workflow")];
      const run = {
        id,
        name: "r",
        workflowSha256,
        state: "running",
        startedBy: "a",
        startedAtMs: 1,
      } as const;
      const rest = { endedAtMs: undefined, errorCode: undefined, errorText: undefined };
      await store.write(async ({ db }) => {
        await saveWorkflow(db, workflowSha256, "{}", 1);
        await insertRun(db, { ...run, ...rest, workflow: "n/w:1", parent: undefined }, { input: null });
      });
      return id;
    };
    const progress = (store: Store, runId: RunId, seq: number) =>
      store.write(({ db }) =>
        db.updateTable("runs").set({ event_seq: seq }).where("run_id", "=", runId).execute(),
      );

    it("is the same in the database, in the folder and with the blobs, and its mark only grows", async () => {
      const home = await newHome();
      let last = 0;
      const ids = new Set<string>();
      for (let start = 0; start < 3; start++) {
        const store = await open(home);
        await addSite(store, `acme/a${start}`);
        const { storeId, mark } = await row(store);
        assert.ok(mark > last);
        await store.close();
        const { storeId: inFolder, mark: marked } = await record(home);
        assert.equal(marked, mark, "a hub that was stopped knows its last change");
        const blobs = JSON.parse(await readFile(hubPaths(home.dir).blobStore, "utf8")) as { storeId: string };
        for (const id of [storeId, inFolder, blobs.storeId]) ids.add(id);
        last = mark;
      }
      assert.equal(ids.size, 1);
    });

    it("has no database made anew beside the folder, and goes on when its own is back", async () => {
      const home = await newHome();
      const putBack = await home.copy();
      await home.empty();
      for (let attempt = 0; attempt < 2; attempt++)
        await assert.rejects(open(home), { code: "STORE_MISSING", message: /has no rows of the hub/ });
      if (title === "SQLite") await assert.rejects(stat(hubPaths(home.dir).database), { code: "ENOENT" });
      await putBack();
      await open(home);
    });

    it("keeps a hub from the database of another, which stays as it is", async () => {
      const [one, two] = [await newHome(), await newHome()];
      const { storeId, mark } = await started(two);
      await one.useOf(two);
      await assert.rejects(open(one), { code: "STORE_FOREIGN" });
      const after = await started(two);
      assert.deepEqual([after.storeId, after.mark], [storeId, mark + 1]);
    });

    it("keeps a hub from blobs that are not its own, or not there", async () => {
      const [one, two] = [await newHome(), await newHome()];
      const [own, other] = [hubPaths(one.dir), hubPaths(two.dir)];
      await rename(own.blobs, `${own.blobs}.away`);
      await assert.rejects(open(one), { code: "STORE_MISSING", message: /does not hold the blobs/ });
      await rename(other.blobs, own.blobs);
      await assert.rejects(open(one), { code: "STORE_FOREIGN" });
      await rm(own.blobs, { recursive: true });
      await rename(`${own.blobs}.away`, own.blobs);
      await open(one);
    });

    it("notices a single change that is missing, and marks the runs that knew more once that is meant", async () => {
      const home = await newHome();
      const first = await open(home);
      const [behind, same] = [await addRun(first), await addRun(first)];
      await progress(first, behind, 3);
      await first.close();
      const putBack = await home.copy();
      const second = await open(home);
      await progress(second, behind, 10);
      const unknown = await addRun(second);
      await progress(second, unknown, 2);
      await second.close();
      await putBack();
      await assert.rejects(open(home), { code: "STORE_OLDER", message: /: \d+ changes are missing/ });
      const store = await open(home, { acceptOlder: true });
      const [event, ...more] = await eventsAfter(store.db, behind, 0);
      assert.deepEqual([event?.type, event?.data, more.length], ["run.rewound", { missing: 7 }, 0]);
      assert.deepEqual(await eventsAfter(store.db, same, 0), []);
      await store.close();
      // Once is enough, and what was accepted is the newest now.
      const later = await open(home);
      assert.equal((await eventsAfter(later.db, behind, 0)).length, 1);
      assert.equal((await record(home)).runs[unknown], undefined);
    });

    it("has its folder know of what a hub has written that is killed, a second later", async () => {
      const home = await newHome();
      const store = await open(home);
      const runId = await addRun(store);
      await progress(store, runId, 9);
      const { mark } = await row(store);
      while ((await record(home)).mark < mark) await sleep(50);
      assert.equal((await record(home)).runs[runId], 9);
    });

    it("is given to a hub from before, unless its rows are of another authority, or there are none", async () => {
      const home = await newHome();
      const { store: file, blobStore } = hubPaths(home.dir);
      const forget = async () => {
        const store = await open(home);
        await store.db.deleteFrom("store").execute();
        await store.close();
        await rm(file);
        await rm(blobStore);
      };
      await forget();
      const store = await open(home);
      const site = parseSiteId("acme/a");
      await addSite(store, site);
      const foreign = createAuthority({ trustDomain: "other", nowMs: Date.now() });
      const certificate = { serial: "01", site, spki_sha256: "0", not_before_ms: 1, not_after_ms: 2 };
      await store.write(({ db }) => insertCertificate(db, { ...certificate, chain: foreign.issuing }));
      await store.close();
      await forget();
      await assert.rejects(open(home), { code: "STORE_FOREIGN", message: /another authority/ });
      await home.empty();
      await assert.rejects(open(home), { code: "STORE_MISSING" });
      await assert.rejects(stat(file), { code: "ENOENT" });
    });

    it("comes whole of a start that is killed between any two of its writes", async () => {
      const home = await newHome();
      const { store: file, blobStore } = hubPaths(home.dir);
      const { storeId } = await record(home);
      // The folder does not know yet that the database has it.
      await writeFile(file, JSON.stringify({ storeId, mark: 0, markedAtMs: 0, runs: {} }));
      assert.equal((await started(home)).storeId, storeId);
      // Only the blobs have it, and the database: the folder's file was lost.
      await rm(file);
      assert.equal((await started(home)).storeId, storeId);
      assert.equal((await record(home)).storeId, storeId);
      // A folder without blobs yet, of a hub that has no database yet.
      await writeFile(file, JSON.stringify({ storeId, mark: 0, markedAtMs: 0, runs: {} }));
      await rm(blobStore);
      await home.empty();
      assert.equal((await row(await open(home))).storeId, storeId);
    });

    it("says which file is damaged, and does not guess", async () => {
      const home = await newHome();
      await writeFile(hubPaths(home.dir).store, "{");
      await assert.rejects(open(home), { code: "STORE_DAMAGED", message: /store\.json cannot be read/ });
    });

    for (const [what, change, code] of [
      ["another hub has taken the rows", { seat: "another" }, "STORE_BUSY"],
      ["the rows are those of another store", { store_id: "another" }, "STORE_FOREIGN"],
      ["the rows are older than they were", { mark: 1 }, "STORE_OLDER"],
    ] as const) {
      it(`writes and removes nothing more when ${what}, and says so once`, async () => {
        const home = await newHome();
        const lost: ComityError[] = [];
        const store = await open(home, { onLost: (error) => lost.push(error) });
        const blobs = await new FileBlobStore(hubPaths(home.dir).blobs).open();
        const retention = new Retention({ store, blobs, clock: systemClock, log: silentLog });
        const bytes = Buffer.from("kept");
        const blob = { sha256: hashBytes(bytes), sizeBytes: bytes.length };
        await blobs.put(bytes, blob.sha256);
        await store.write(async ({ db }) => {
          await recordBlob(db, blob, 1);
          await holdBlobs(db, "answer/1", [blob]);
        });
        await store.db.updateTable("store").set(change).execute();
        await dropHolders(store.db, ["answer/1"], 2);
        retention.forsake([blob.sha256]);
        await retention.idle();
        assert.deepEqual(await blobs.list(), [blob.sha256]);
        const outcomes = await Promise.allSettled(["acme/a", "acme/b"].map((name) => addSite(store, name)));
        await assert.rejects(addSite(store, "acme/c"), { code });
        assert.deepEqual(
          outcomes.map((outcome) => outcome.status),
          ["rejected", "rejected"],
        );
        assert.deepEqual(await listSites(store.db), []);
        assert.deepEqual(
          lost.map((error) => error.code),
          [code],
        );
      });
    }
  });
}

/** SQLite: its file is put elsewhere, and back. */
const files = (): Place => (dir) => {
  const { database } = hubPaths(dir);
  const empty = async () => {
    for (const suffix of ["", "-wal", "-shm"]) await rm(`${database}${suffix}`, { force: true });
  };
  return Promise.resolve({
    empty,
    async copy() {
      await copyFile(database, `${database}.copy`);
      return async () => {
        await empty();
        await copyFile(`${database}.copy`, database);
      };
    },
    useOf: (other) => copyFile(hubPaths(other.dir).database, database),
  });
};

/** PostgreSQL: `hub.yaml` names another database. */
const addresses = (): Place => {
  const newDatabase = temporaryDatabases();
  return async (dir) => {
    const own = await newDatabase();
    const use = async (postgres: string) => {
      const { config } = hubPaths(dir);
      const before = parse(await readFile(config, "utf8")) as object;
      await writeFile(config, stringify({ ...before, database: { postgres } }));
    };
    return {
      address: own.address,
      empty: async () => use((await newDatabase()).address),
      async copy() {
        const { address } = await own.copy();
        return () => use(address);
      },
      useOf: async (other) => use((await readHubConfig(other.dir)).database?.postgres ?? assert.fail()),
    };
  };
};

belonging("SQLite", files);
belonging("PostgreSQL", addresses);
