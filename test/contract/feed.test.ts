import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { it } from "mocha";
import { RunFeed } from "#hub/runs/feed.js";
import type { NewEvent, RunEvent, RunEventType } from "#hub/runs/model.js";
import { newestSeq } from "#hub/store/events.js";
import { systemClock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import { insertNewRun } from "../support/rows.js";
import { onEachStore } from "../support/stores.js";

/** A signal that never fires. */
const never = () => new AbortController().signal;
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

onEachStore("the feed of runs", (newPlace) => {
  const open = async () => {
    const store = await (await newPlace())();
    const feed = new RunFeed(store, systemClock);
    const runId = await insertNewRun(store);
    const event = (text: string, type: RunEventType = "round.started"): NewEvent => ({ runId, type, text });
    /** Writes events in one transaction. */
    const append = (...events: readonly NewEvent[]) =>
      store.write((tx) => {
        for (const one of events) feed.append(tx, one);
        return Promise.resolve();
      });
    /** Ends the run, as its engine does. */
    const end = (state: "completed" | "failed" = "completed") =>
      store.write(async (tx) => {
        await tx.db.updateTable("runs").set({ state }).where("run_id", "=", runId).execute();
        feed.append(tx, event("over", `run.${state}`));
      });
    return { store, feed, runId, event, append, end };
  };
  const all = async (events: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> => {
    const got: RunEvent[] = [];
    for await (const one of events) got.push(one);
    return got;
  };
  const seqs = (events: readonly RunEvent[]) => events.map(({ seq }) => seq);

  it("numbers what is written together in its order, without a gap over what was undone", async () => {
    const { store, feed, runId, event, append, end } = await open();
    await append(event("one"), event("two"));
    const undone = store.write((tx) => {
      feed.append(tx, event("never"));
      return Promise.reject(new Error("undone"));
    });
    // The three share a commit: what one of them has gathered goes with it.
    const together = await Promise.allSettled([append(event("three")), undone, append(event("four"))]);
    assert.deepEqual(
      together.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    await end();
    const told = await all(feed.watch(runId, 0, never()));
    assert.deepEqual(
      told.map(({ seq, text }) => `${seq} ${text}`),
      ["1 one", "2 two", "3 three", "4 four", "5 over"],
    );
  });

  it("tells those who watch after the commit, and never of what was undone", async () => {
    const { store, feed, runId, event, append } = await open();
    const { news, stop } = feed.changes.subscribe(runId);
    await store.write(async (tx) => {
      feed.append(tx, event("one"));
      await nextTurn();
      assert.equal(news.size, 0, "it may yet be undone");
    });
    assert.equal(news.size, 1);
    const undone = store.write((tx) => {
      feed.append(tx, event("never"));
      return Promise.reject(new Error("undone"));
    });
    await assert.rejects(undone, /undone/);
    await append(event("two"));
    stop();
    const texts: unknown[] = [];
    for await (const one of news) texts.push(one === "look" ? one : one.text);
    assert.deepEqual(texts, ["one", "two"]);
  });

  it("loses no line between what is read and what is told, wherever one begins to watch", async () => {
    const { feed, runId, event, append, end } = await open();
    const lines = 150;
    const watching: Promise<readonly RunEvent[]>[] = [];
    const starts: number[] = [];
    for (let at = 0; at < lines; at++) {
      const written = append(event(`line ${at}`));
      if (at % 5 === 0) {
        // It begins while a line is on its way: neither read yet nor told.
        const after = Math.floor(at / 2);
        starts.push(after);
        watching.push(all(feed.watch(runId, after, never())));
      }
      if (at % 3 !== 0) await written;
      if (at % 10 === 0) await nextTurn();
    }
    await end();
    for (const [at, events] of (await Promise.all(watching)).entries())
      assert.deepEqual(seqs(events), numbers((starts[at] ?? 0) + 1, lines + 1), `watcher ${at}`);
  });

  it("gives a watcher who is slow each line once and in order, out of a bounded memory", async () => {
    const { feed, runId, event, append, end } = await open();
    const { news, stop } = feed.changes.subscribe(runId);
    const slow = feed.watch(runId, 0, never());
    await append(event("first"));
    const first = await slow.next();
    // More than are kept for it, more than a page of the store.
    for (let at = 0; at < 6; at++) await append(...numbers(1, 400).map((line) => event(`line ${line}`)));
    await end();
    assert.ok(news.size <= 1001, `${news.size} events are kept in memory`);
    stop();
    const rest = await all(slow);
    assert.deepEqual(seqs([...(first.done === true ? [] : [first.value]), ...rest]), numbers(1, 2402));
  });

  it("tells progress without keeping it, and does not count it", async () => {
    const { store, feed, runId, event, append, end } = await open();
    const watch = feed.watch(runId, 0, never());
    await append(event("one"));
    assert.equal(((await watch.next()).value as RunEvent).text, "one");
    feed.tell({ runId, type: "assignment.progress", text: "epoch 1" });
    await append(event("two"));
    await end();
    const rest = await all(watch);
    assert.deepEqual(
      rest.map(({ seq, text, site, round, data }) => [seq, text, site, round, data]),
      [
        [0, "epoch 1", "", 0, {}],
        [2, "two", "", 0, {}],
        [3, "over", "", 0, {}],
      ],
    );
    assert.equal(await newestSeq(store.db, runId), 3);
    assert.deepEqual(seqs(await all(feed.watch(runId, 0, never()))), [1, 2, 3]);
  });

  it("ends with the run, at once where that is over, and goes on where it is tried again", async () => {
    const { store, feed, runId, event, append, end } = await open();
    await append(event("one"));
    await end("failed");
    assert.deepEqual(seqs(await all(feed.watch(runId, 2, never()))), []);
    assert.deepEqual(seqs(await all(feed.watch(runId, 0, never()))), [1, 2]);
    assert.deepEqual(seqs(await all(feed.watch("run-none" as RunId, 0, never()))), []);
    await store.write(async (tx) => {
      await tx.db.updateTable("runs").set({ state: "running" }).where("run_id", "=", runId).execute();
      feed.append(tx, event("again", "run.retried"));
    });
    const watch = feed.watch(runId, 0, never());
    const before = [await watch.next(), await watch.next(), await watch.next()];
    assert.deepEqual(
      before.map(({ value }) => (value as RunEvent).type),
      ["round.started", "run.failed", "run.retried"],
    );
    await end();
    assert.deepEqual(seqs(await all(watch)), [4]);
  });

  it("ends for one who stops watching, and leaves nothing behind", async () => {
    const { feed, runId, event, append } = await open();
    const control = new AbortController();
    const watch = all(feed.watch(runId, 0, control.signal));
    await append(event("one"));
    control.abort();
    assert.ok((await watch).length <= 1);
    const gone = new AbortController();
    gone.abort();
    await all(feed.watch(runId, 0, gone.signal));
    // Whoever was subscribed is not any more: a new one is the only one that is told.
    const { news, stop } = feed.changes.subscribe(runId);
    await append(event("two"));
    assert.equal(news.size, 1);
    stop();
  });

  it("wakes those who wait for the run when it goes on or ends, and tells who asked to hear of its end", async () => {
    const { feed, runId, event, append, end } = await open();
    const ends: string[] = [];
    feed.onEnd((id, type) => ends.push(`${id === runId} ${type}`));
    let woken = 0;
    const wait = () => void feed.changes.next(runId).then(() => (woken += 1));
    wait();
    await append(event("a line"));
    await nextTurn();
    assert.equal(woken, 0, "a line moves nobody");
    await append(event("on", "run.resumed"));
    await nextTurn();
    assert.equal(woken, 1);
    wait();
    await end();
    await nextTurn();
    assert.equal(woken, 2);
    assert.deepEqual(ends, ["true run.completed"]);
  });
});
