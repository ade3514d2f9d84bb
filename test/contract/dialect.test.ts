import assert from "node:assert/strict";
import { it } from "mocha";
import { saveInvitedSite } from "#hub/store/admission.js";
import { sharedNowMs, skipLocked } from "#hub/store/database.js";
import { listSites } from "#hub/store/sites.js";
import { systemClock } from "#kernel/clock.js";
import { parseSiteId } from "#kernel/ids.js";
import { onEachStore } from "../support/stores.js";

onEachStore("what both databases do alike", (newPlace) => {
  const open = async () => (await newPlace())();

  it("orders texts by their bytes, whatever language the database has: the order of sites decides a model's bytes", async () => {
    const store = await open();
    const names = ["a-b", "aa", "ab", "a-c", "a0", "z", "w", "v", "vz"].map((name) =>
      parseSiteId(`acme/${name}`),
    );
    await store.write(async ({ db }) => {
      for (const name of names) await saveInvitedSite(db, name, {}, 1);
    });
    const found = (await listSites(store.db)).map(({ id }) => id);
    assert.deepEqual(
      found,
      names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
  });

  it("gives numbers as numbers, and texts as they were written", async () => {
    const store = await open();
    const large = Number.MAX_SAFE_INTEGER;
    const text = 'quotes \' " \\ and $1 ? %, 日本語, 🦉, {"a":1}';
    await store.write(({ db }) => saveInvitedSite(db, parseSiteId("acme/a"), { text }, large));
    const row = await store.db
      .selectFrom("sites")
      .select(["created_at_ms", "labels"])
      .select((eb) => [eb.fn.countAll<number>().as("count"), eb.fn.sum<number>("created_at_ms").as("sum")])
      .groupBy("site")
      .executeTakeFirstOrThrow();
    assert.deepEqual(row, { created_at_ms: large, labels: JSON.stringify({ text }), count: 1, sum: large });
  });

  it("has a clock for leases, which goes on", async () => {
    const store = await open();
    const now = async (): Promise<number> => {
      const query = store.db.selectNoFrom(sharedNowMs(store.dialect, systemClock).as("now"));
      return (await query.executeTakeFirstOrThrow()).now;
    };
    const first = await now();
    assert.ok(Number.isSafeInteger(first) && first > Date.UTC(2020));
    assert.ok((await now()) >= first);
    await store.write(async ({ db }) => {
      const lease = { owner: "me", lease_until_ms: sharedNowMs(store.dialect, systemClock) };
      await db.insertInto("owners").values(lease).execute();
    });
    const held = store.db
      .selectFrom("owners")
      .where("lease_until_ms", "<=", sharedNowMs(store.dialect, systemClock));
    assert.deepEqual(await held.select("owner").execute(), [{ owner: "me" }]);
  });

  it("leaves out rows that another transaction is at", async () => {
    const store = await open();
    await store.write(({ db }) => saveInvitedSite(db, parseSiteId("acme/a"), {}, 1));
    const free = () => skipLocked(store.dialect, store.db.selectFrom("sites").select("site")).execute();
    assert.equal((await free()).length, 1);
    if (store.dialect === "sqlite") return;
    await store.write(async ({ db }) => {
      assert.equal(
        (await skipLocked(store.dialect, db.selectFrom("sites").select("site")).execute()).length,
        1,
      );
      assert.deepEqual(await free(), []);
    });
  });
});
