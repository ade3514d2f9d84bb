import assert from "node:assert/strict";
import fc from "fast-check";
import { it } from "mocha";
import {
  countSiteStates,
  forgetRunStates,
  forgetSiteStates,
  forgetStatesOf,
  type SiteStateKey,
  siteStates,
} from "#hub/store/site-states.js";
import type { Store } from "#hub/store/store.js";
import { type AssignmentId, parseSiteId } from "#kernel/ids.js";
import { insertNewRun } from "../support/rows.js";
import { onEachStore } from "../support/stores.js";

/** The answer of a site in a round. */
const answer = (site: string, position: number, again = "") => ({
  site: parseSiteId(`acme/${site}`),
  id: `${site}-${position}${again}` as AssignmentId,
});

onEachStore("states at sites", (newPlace) => {
  const opened = async () => {
    const store = await (await newPlace())();
    const key: SiteStateKey = { runId: await insertNewRun(store), origin: "e1", name: "control" };
    return { store, key };
  };
  const given = (what: string, test: (store: Store, key: SiteStateKey) => Promise<void>) =>
    it(what, async () => {
      const { store, key } = await opened();
      await test(store, key);
    });
  const fold = (store: Store, key: SiteStateKey, position: number, ...sites: string[]) =>
    store.write(({ db }) =>
      countSiteStates(
        db,
        key,
        position,
        sites.map((site) => answer(site, position)),
      ),
    );
  const read = async (store: Store, key: SiteStateKey) =>
    Object.fromEntries([...(await siteStates(store.db, key))].map(([site, id]) => [site.slice(5), id]));
  const rows = async (store: Store) => {
    const all = await store.db.selectFrom("site_states").select(["site", "position"]).execute();
    return all.map(({ site, position }) => `${site.slice(5)}-${position}`).toSorted();
  };

  given("are read after the last answer of each site that was folded", async (store, key) => {
    assert.deepEqual(await read(store, key), {});
    await fold(store, key, 1, "a", "b");
    await fold(store, key, 2, "b");
    assert.deepEqual(await read(store, key), { a: "a-1", b: "b-2" });
    await fold(store, key, 10, "a");
    assert.deepEqual(await read(store, key), { a: "a-10", b: "b-2" }, "rounds are numbers");
    await fold(store, key, 11);
    assert.deepEqual(await read(store, key), { a: "a-10", b: "b-2" });
  });

  given("are read after the later answer where a site is folded twice in a round", async (store, key) => {
    await fold(store, key, 1, "a");
    await store.write(({ db }) => countSiteStates(db, key, 1, [answer("a", 1, "-again")]));
    assert.deepEqual(await read(store, key), { a: "a-1-again" });
    const both = [answer("a", 2), answer("b", 2), answer("a", 2, "-again")];
    await store.write(({ db }) => countSiteStates(db, key, 2, both));
    assert.deepEqual(await read(store, key), { a: "a-2-again", b: "b-2" });
  });

  given("are of one name, and of calls that go on with each other", async (store, key) => {
    await fold(store, key, 1, "a");
    for (const other of [{ name: "share" }, { origin: "e2" as const }])
      assert.deepEqual(await read(store, { ...key, ...other }), {});
    assert.deepEqual(await read(store, { ...key, runId: await insertNewRun(store) }), {});
  });

  given("go back to the round before when one comes to nothing", async (store, key) => {
    for (const position of [1, 2, 3]) await fold(store, key, position, "a", "b");
    await fold(store, key, 4, "a");
    await store.write(({ db }) => forgetSiteStates(db, key, 3));
    assert.deepEqual(await read(store, key), { a: "a-3", b: "b-3" });
    // Done anew, and again to no avail.
    await fold(store, key, 5, "b");
    await store.write(({ db }) => forgetSiteStates(db, key, 4));
    assert.deepEqual(await read(store, key), { a: "a-3", b: "b-3" });
  });

  given("keep of older rounds what may be gone back to, and no more", async (store, key) => {
    for (const position of [1, 2, 3]) await fold(store, key, position, "a");
    assert.deepEqual(await rows(store), ["a-2", "a-3"]);
    await fold(store, key, 1, "b");
    await fold(store, key, 6, "a", "b");
    assert.deepEqual(await rows(store), ["a-3", "a-6", "b-1", "b-6"]);
  });

  given("are what they were before the last round, whoever took part in which", async (store, key) => {
    const names = ["a", "b", "c"];
    const rounds = fc.array(fc.subarray(names), { minLength: 1, maxLength: 8 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(rounds, async (played) => {
        const own = { ...key, name: `run-${++run}` };
        const last = (upTo: number) =>
          Object.fromEntries(
            names.flatMap((name) => {
              const position = played.slice(0, upTo).findLastIndex((sites) => sites.includes(name)) + 1;
              return position === 0 ? [] : [[name, `${name}-${position}`]];
            }),
          );
        for (const [at, sites] of played.entries()) {
          await fold(store, own, at + 1, ...sites);
          assert.deepEqual(await read(store, own), last(at + 1));
        }
        await store.write(({ db }) => forgetSiteStates(db, own, played.length - 1));
        assert.deepEqual(await read(store, own), last(played.length - 1));
      }),
      { numRuns: 20 },
    );
  });

  given("are forgotten of a site that has lost them, and of a run that is over", async (store, key) => {
    const other = { ...key, name: "share", origin: "e2" } as const;
    const elsewhere = { ...key, runId: await insertNewRun(store) };
    for (const one of [key, other, elsewhere]) await fold(store, one, 1, "a", "b");
    await store.write(({ db }) => forgetStatesOf(db, key.runId, parseSiteId("acme/a")));
    assert.deepEqual(await read(store, key), { b: "b-1" });
    assert.deepEqual(await read(store, other), { b: "b-1" });
    assert.deepEqual(await read(store, elsewhere), { a: "a-1", b: "b-1" });
    await fold(store, key, 2, "a");
    const sites = await store.write(({ db }) => forgetRunStates(db, key.runId));
    assert.deepEqual([...sites].toSorted(), ["acme/a", "acme/b"]);
    assert.deepEqual([await read(store, key), await read(store, other)], [{}, {}]);
    assert.deepEqual(await read(store, elsewhere), { a: "a-1", b: "b-1" });
  });
});
