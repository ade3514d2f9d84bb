import assert from "node:assert/strict";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, it } from "mocha";
import { saveInvitedSite } from "#hub/store/admission.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { parseSiteId } from "#kernel/ids.js";
import { Database } from "#kernel/sqlite.js";
import { temporaryFolders } from "../support/folders.js";

const openAt = async (path: string) => new Store(await openSqlite(path));
const addSite = (store: Store) => store.write(({ db }) => saveInvitedSite(db, parseSiteId("acme/a"), {}, 1));

describe("SQLite itself", () => {
  const folder = temporaryFolders();

  it("syncs every commit in full, also a file that was there before", async () => {
    const path = join(await folder(), "hub.db");
    for (let round = 0; round < 2; round++) {
      const store = await openAt(path);
      const ask = async (what: string) =>
        Object.values(
          (await sql.raw<Record<string, unknown>>(`pragma ${what}`).execute(store.db)).rows[0] ?? {},
        )[0];
      assert.deepEqual(
        [
          await ask("synchronous"),
          await ask("journal_mode"),
          await ask("foreign_keys"),
          await ask("locking_mode"),
        ],
        [2, "wal", 1, "exclusive"],
      );
      await store.close();
    }
  });

  it("lets the event loop go round in a transaction of many queries", async () => {
    const store = await openAt(join(await folder(), "hub.db"));
    let rounds = 0;
    const count = () => (rounds++, (counting = setImmediate(count)));
    let counting: NodeJS.Immediate | undefined;
    const most = await store.write(async ({ db }) => {
      count();
      const from = performance.now();
      while (performance.now() - from < 200) await sql`select 1`.execute(db);
      return rounds;
    });
    clearImmediate(counting);
    assert.ok(most > 3, `${most} rounds`);
    await store.close();
  });

  it("says that its disk is full, takes back the whole transaction, and is back by itself when there is room", async () => {
    const store = await openAt(join(await folder(), "hub.db"));
    const limit = (pages: number) => sql.raw(`pragma max_page_count = ${pages}`).execute(store.db);
    const big = { text: "x".repeat(200_000) };
    const grow = (name: string) =>
      store.write(({ db }) => saveInvitedSite(db, parseSiteId(`acme/${name}`), big, 1));
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db);
    await limit((rows[0]?.page_count ?? 0) + 4);
    const turns: boolean[] = [];
    const back = new Promise<void>((resolve) =>
      store.reach.onChange((isAway) => {
        turns.push(isAway);
        if (!isAway) resolve();
      }),
    );
    // Two that share the transaction: neither hides why.
    const [one, other] = await Promise.allSettled([grow("a"), grow("b")]);
    for (const end of [one, other]) {
      assert.equal(end.status === "rejected" && (end.reason as { code?: unknown }).code, "DISK_FULL");
    }
    assert.equal(store.reach.isAway, true);
    await limit(1_000_000);
    await back;
    await grow("a");
    assert.deepEqual(turns, [true, false]);
    await store.close();
  });

  it("refuses a second hub on the same file, and lets it in when the first has gone", async () => {
    const path = join(await folder(), "hub.db");
    const first = await openAt(path);
    await assert.rejects(openSqlite(path), { code: "STORE_BUSY", message: /Another hub is using/ });
    await addSite(first);
    await first.close();
    await (await openAt(path)).close();
  });

  it("refuses a damaged file, and leaves it as it is", async () => {
    const path = join(await folder(), "hub.db");
    const store = await openAt(path);
    await addSite(store);
    await store.close();
    const { size } = await stat(path);
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, size - 8192);
    await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, 4096);
    await file.close();
    const before = await readFile(path);
    await assert.rejects(openSqlite(path), { code: "STORE_DAMAGED" });
    assert.deepEqual(await readFile(path), before);
  });

  it("refuses what is no database, a folder, and the schema of a newer hub", async () => {
    const path = join(await folder(), "hub.db");
    await writeFile(path, "this is no database, but a text of some length ".repeat(100));
    await assert.rejects(openSqlite(path), { code: "STORE_DAMAGED" });
    await assert.rejects(openSqlite(await folder()), { code: "STORE_DAMAGED" });
    const newer = join(await folder(), "hub.db");
    await (await openAt(newer)).close();
    const database = new Database(newer);
    database
      .prepare(
        "insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01T00:00:00.000Z')",
      )
      .run();
    database.close();
    await assert.rejects(openSqlite(newer), {
      code: "STORE_DAMAGED",
      message: /cannot be brought up to date/,
    });
    // Nothing holds the file after a refusal.
    new Database(newer).close();
  });
});
