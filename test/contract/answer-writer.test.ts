import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "mocha";
import { AnswerWriter } from "#hub/assignments/answer-writer.js";
import type { AnswerHeader } from "#hub/assignments/model.js";
import { CallNews } from "#hub/assignments/news.js";
import { Retention } from "#hub/blobs/retention.js";
import { FileBlobStore } from "#hub/blobs/store.js";
import { RunFeed } from "#hub/runs/feed.js";
import { findAssignment, insertAssignments, settleAssignment } from "#hub/store/assignments.js";
import { isWanted, smallBlobs } from "#hub/store/blobs.js";
import { eventsAfter } from "#hub/store/events.js";
import { closeStage, findStage, insertStage } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { systemClock } from "#kernel/clock.js";
import { hashBytes } from "#kernel/files.js";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { kinds } from "#proto/work/index.js";
import { temporaryFolders } from "../support/folders.js";
import { insertNewRun } from "../support/rows.js";
import { assignmentOf, headerTo, newAssignment, newStage, stageOf } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const sites = ["acme/berlin", "acme/oslo", "acme/rome"].map(parseSiteId);
const work = { kind: "evaluate", dataset: { name: "rows" }, layers: [], loss: "mse" };

onEachStore("the writer of answers", (newPlace) => {
  const folder = temporaryFolders();

  /** A stage of three sites, and a writer; `commits`: those that the store has made since. */
  async function place(store: Store, quiet = false) {
    const runId = await insertNewRun(store, ...sites);
    const key = newStage({ runId, effect: "e1" }, { kind: "evaluate", work, quiet, waiting: sites.length });
    await store.write(async ({ db }) => {
      await insertStage(db, key);
      await insertAssignments(
        db,
        sites.map((site) => newAssignment(key, site)),
        1,
      );
    });
    const feed = new RunFeed(store, systemClock);
    const blobs = await new FileBlobStore(join(await folder(), "blobs")).open();
    const retention = new Retention({ store, blobs, clock: systemClock, log: silentLog });
    const news = new CallNews(store.notifier);
    const writer = new AnswerWriter({ store, retention, feed, news });
    const kind = kinds.find(({ name }) => name === "evaluate");
    assert.ok(kind);
    const shaped = { stage: stageOf(key, { ...key }), kind, body: {}, shape: {} as never };
    const add = (at: number, changes: Partial<AnswerHeader> = {}, text?: string) => {
      const assignment = assignmentOf(key, sites[at] ?? parseSiteId("acme/none"));
      const inline = text === undefined ? undefined : Buffer.from(text);
      const update = inline && { sha256: hashBytes(inline), sizeBytes: inline.length };
      const header = headerTo(assignment.id, { ...changes, update });
      const received = inline && { inline };
      return writer.add({ assignment, shaped, header, answerSha256: hashBytes("a"), received, nowMs: 5 });
    };
    const find = (at: number) =>
      findAssignment(store.db, newAssignment(key, sites[at] ?? parseSiteId("acme/none")).id);
    return { key, add, find, news, runId };
  }

  const given = (what: string, test: (store: Store) => Promise<void>) =>
    it(what, async () => test(await (await newPlace())()));

  given(
    "gives answers that come together their order of arrival, and wakes the driver by the last one",
    async (store) => {
      const { key, add, find, news, runId } = await place(store);
      const told = news.next(key).then(() => "told");
      assert.deepEqual(await Promise.all([add(2, {}, "same"), add(0, {}, "same")]), [true, true]);
      assert.deepEqual([(await find(2))?.arrival, (await find(0))?.arrival], [1, 2]);
      assert.equal(await Promise.race([told, Promise.resolve("silent")]), "silent");
      assert.equal(await add(1), true);
      assert.equal(await told, "told");
      const stage = await findStage(store.db, key);
      assert.deepEqual([stage?.changes, stage?.waiting], [3, 0]);
      const lines = await eventsAfter(store.db, runId, 0);
      assert.deepEqual(
        lines.map(({ type }) => type),
        Array.from({ length: 3 }, () => "assignment.delivered"),
      );
      const { sha256 } = (await find(0))?.update ?? assert.fail("it has no update");
      assert.equal((await smallBlobs(store.db, [sha256])).size, 1);
    },
  );

  given("writes no line for people of a quiet stage", async (store) => {
    const { add, runId } = await place(store, true);
    assert.equal(await add(0), true);
    assert.deepEqual(await eventsAfter(store.db, runId, 0), []);
  });

  given("lets none that comes too late cost the others theirs, and keeps nothing of it", async (store) => {
    const { key, add, find } = await place(store);
    const gone = { code: "SITE_TOO_SLOW", text: "It is late." };
    const late = (await find(1)) ?? assert.fail("it is lost");
    await settleAssignment(store.db, late.id, 1, "late", gone);
    const taken = await Promise.all([
      add(0, {}, "kept"),
      add(1, {}, "late"),
      add(2, { attempt: 2 }),
      add(0, {}, "kept"),
    ]);
    assert.deepEqual(taken, [true, false, false, false], "two of one assignment are one");
    assert.deepEqual(
      [(await find(0))?.state, (await find(1))?.state, (await find(2))?.state],
      ["delivered", "late", "offered"],
    );
    assert.equal((await findStage(store.db, key))?.waiting, 2);
    assert.equal(await isWanted(store.db, hashBytes("kept")), true);
    assert.equal(await isWanted(store.db, hashBytes("late")), false);
    assert.equal((await smallBlobs(store.db, [hashBytes("late")])).size, 0);
    assert.equal(await add(0, {}, "kept"), false, "said again, it is known");
    assert.equal(await isWanted(store.db, hashBytes("kept")), true, "and keeps its bytes");
  });

  given(
    "takes none in for a stage that is closed; whoever closes it has seen those that were there",
    async (store) => {
      const { key, add, find } = await place(store);
      const stage = (await findStage(store.db, key)) ?? assert.fail("it is lost");
      const close = () => store.write(({ db }) => closeStage(db, stage, { short: true, closedAtMs: 7 }));
      const [closed, taken] = await Promise.all([close(), add(0)]);
      assert.deepEqual([closed, taken, (await find(0))?.state], [false, true, "delivered"]);
      const now = (await findStage(store.db, key)) ?? assert.fail("it is lost");
      await store.write(({ db }) => closeStage(db, now, { short: true, closedAtMs: 7 }));
      assert.equal(await add(1), false);
      assert.equal((await find(1))?.state, "offered");
    },
  );
});
