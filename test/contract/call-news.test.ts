import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { it } from "mocha";
import { CallNews } from "#hub/assignments/news.js";
import type { Store } from "#hub/store/store.js";
import { sleep } from "#kernel/async.js";
import { parseRunId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";
import { onEachStore } from "../support/stores.js";

const runId = parseRunId("run-1");
const [one, two]: readonly [CallRef, CallRef] = [
  { runId, effect: "e1" },
  { runId, effect: "e2" },
];

/** Tells of a call, in a transaction that does nothing else. */
const tell = (store: Store, news: CallNews, call: CallRef): Promise<void> =>
  store.write((tx) => {
    news.tell(tx, call);
    return Promise.resolve();
  });

/** Which of some wake-ups have come by now. */
async function woken(...waits: readonly Promise<void>[]): Promise<readonly boolean[]> {
  await nextTurn();
  const pending = Symbol("pending");
  const now = await Promise.all(waits.map((wait) => Promise.race([wait, Promise.resolve(pending)])));
  return now.map((value) => value !== pending);
}

onEachStore("news of calls", (newPlace) => {
  const open = async () => {
    const store = await (await newPlace())();
    return { store, news: new CallNews(store.notifier) };
  };

  it("wake whoever waits for the call after the commit, and not before", async () => {
    const { store, news } = await open();
    const waiting = news.next(one);
    await store.write(async (tx) => {
      news.tell(tx, one);
      await sleep(5);
      assert.deepEqual(await woken(waiting), [false], "the change may yet be undone");
    });
    await waiting;
  });

  it("wake all who wait for the same call, and nobody who waits for another", async () => {
    const { store, news } = await open();
    const waits = [news.next(one), news.next(one), news.next(two)];
    await tell(store, news, one);
    await waits[0];
    assert.deepEqual(await woken(...waits), [true, true, false]);
    assert.deepEqual(await woken(news.next(one)), [false], "news is told once");
  });

  it("are none where the transaction is undone", async () => {
    const { store, news } = await open();
    const waiting = news.next(one);
    const undone = store.write((tx) => {
      news.tell(tx, one);
      return Promise.reject(new Error("undone"));
    });
    await assert.rejects(undone, /undone/);
    await store.write(() => Promise.resolve());
    assert.deepEqual(await woken(waiting), [false]);
  });

  it("are not missed by one who has asked before it looked, however the two fall together", async () => {
    const { store, news } = await open();
    let written = 0;
    let seen = 0;
    const writer = (async () => {
      for (let at = 0; at < 60; at++) {
        await store.write((tx) => {
          // The fact is there before anybody hears of it.
          tx.afterCommit(() => void (written += 1));
          news.tell(tx, one);
          return Promise.resolve();
        });
        if (at % 7 === 0) await nextTurn();
      }
    })();
    while (seen < 60) {
      const next = news.next(one);
      seen = written;
      if (seen < 60) await next;
    }
    await writer;
    assert.equal(seen, 60);
  });

  it("are for everybody when a site has come or gone, or hints may have been missed", async () => {
    const { store, news } = await open();
    const first = [news.next(one), news.next(two)];
    news.tellAll();
    assert.deepEqual(await woken(...first), [true, true]);
    const other = new CallNews(store.notifier);
    const second = [news.next(one), other.next(two)];
    await tell(store, news, two);
    await second[1];
    assert.deepEqual(await woken(...second), [false, true], "each process hears of its own calls");
  });

  it("reach nobody after the end", async () => {
    const { store, news } = await open();
    const other = new CallNews(store.notifier);
    const waits = [news.next(one), other.next(one)];
    news.close();
    await tell(store, other, one);
    await waits[1];
    assert.deepEqual(await woken(...waits), [false, true]);
  });
});
