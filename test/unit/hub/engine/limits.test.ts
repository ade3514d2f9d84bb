import assert from "node:assert/strict";
import { afterEach, describe, it } from "mocha";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store } from "#hub/store/store.js";
import { type LimitRule, Limits, limitSchema } from "#hub/workflow/engine/limits.js";
import { systemClock } from "#kernel/clock.js";

describe("limits", () => {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  async function opened(...rules: LimitRule[]) {
    const store = new Store(await openSqlite(":memory:"));
    stores.push(store);
    let nowMs = 1_000_000;
    const clock = { ...systemClock, nowMs: () => nowMs };
    const limits = new Limits({ store, clock, rules });
    const take = (holder: string, ...keys: Parameters<Limits["acquire"]>[1]) =>
      store.write((tx) => limits.acquire(tx, keys, holder));
    const free = async (holder: string) => {
      await store.write(({ db }) => db.deleteFrom("limit_holders").where("holder", "=", holder).execute());
      limits.freed([holder]);
    };
    return { store, clock, limits, take, free, pass: (ms: number) => void (nowMs += ms) };
  }

  it("give as many places as there are, keep them through retries, and say why there is none", async () => {
    const { take, free, limits } = await opened({ site: "acme/a", concurrency: 2 });
    assert.equal(await take("r1/e1", "site:acme/a"), undefined);
    assert.equal(await take("r2/e1", "site:acme/a"), undefined);
    assert.equal(await take("r1/e1", "site:acme/a"), undefined, "the same holder again");
    const blocked = await take("r3/e1", "site:acme/a");
    assert.match(blocked?.text ?? "", /site:acme\/a is limited to 2/);
    assert.equal(blocked?.untilMs, undefined);
    const news = limits.news();
    await free("r1/e1");
    await news;
    assert.equal(limits.holds("r1/e1"), false);
    assert.equal(await take("r3/e1", "site:acme/a"), undefined);
  });

  it("are taken all or none", async () => {
    const { take } = await opened({ site: "acme/a", concurrency: 1 }, { dataset: "d", concurrency: 1 });
    assert.equal(await take("one", "dataset:d"), undefined);
    assert.equal((await take("two", "site:acme/a", "dataset:d"))?.key, "dataset:d");
    assert.equal(await take("three", "site:acme/a"), undefined);
    assert.equal(await take("four", "organisation:acme"), undefined, "there is no limit");
  });

  it("count starts within a minute, and say when the next may be", async () => {
    const { take, free, pass } = await opened({ workflow: "default/w", perMinute: 2 });
    assert.equal(await take("a", "workflow:default/w"), undefined);
    pass(20_000);
    assert.equal(await take("b", "workflow:default/w"), undefined);
    await free("a");
    assert.equal((await take("c", "workflow:default/w"))?.untilMs, 1_060_000);
    pass(40_001);
    assert.equal(await take("c", "workflow:default/w"), undefined);
    assert.equal((await take("d", "workflow:default/w"))?.untilMs, 1_080_000);
  });

  it("are known to the next process", async () => {
    const { store, clock, take } = await opened({ site: "acme/a", concurrency: 1 });
    await take("r1/e1", "site:acme/a");
    const next = new Limits({ store, clock, rules: [{ site: "acme/a", concurrency: 1 }] });
    await next.load();
    assert.equal(next.holds("r1/e1"), true);
    assert.ok((await store.write((tx) => next.acquire(tx, ["site:acme/a"], "r2"))) !== undefined);
  });

  it("are for exactly one thing each, and say how much", () => {
    for (const wrong of [
      { site: "a/b" },
      { concurrency: 1 },
      { site: "a/b", dataset: "d", concurrency: 1 },
      { site: "a/b", concurrency: 0 },
    ]) {
      assert.equal(limitSchema.safeParse(wrong).success, false, JSON.stringify(wrong));
    }
    assert.ok(limitSchema.safeParse({ organisation: "acme", perMinute: 5 }).success);
  });
});
