import assert from "node:assert/strict";
import { it } from "mocha";
import type { Assignment } from "#hub/assignments/model.js";
import { CallNews } from "#hub/assignments/news.js";
import { Assignments } from "#hub/assignments/service.js";
import { RunFeed } from "#hub/runs/feed.js";
import { Presence } from "#hub/sites/presence.js";
import {
  acceptAssignment,
  findAssignment,
  insertAssignments,
  settleAssignment,
} from "#hub/store/assignments.js";
import { eventsAfter } from "#hub/store/events.js";
import { closeStage, findStage, insertStage } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { systemClock } from "#kernel/clock.js";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { kinds } from "#proto/work/index.js";
import { insertNewRun } from "../support/rows.js";
import { newAssignment, newStage } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const site = parseSiteId("acme/berlin");
const why = { code: "SITE_TOO_SLOW", text: "It is late." } as const;

onEachStore("assignments and their stage", (newPlace) => {
  /** A stage at which one site has accepted to train, and one more is waited for. */
  const opened = async () => {
    const store = await (await newPlace())();
    const feed = new RunFeed(store, systemClock);
    const news = new CallNews(store.notifier);
    const presence = new Presence(systemClock);
    const parts = {
      store,
      presence,
      feed,
      news,
      purposes: new Map(),
      kinds,
      clock: systemClock,
      log: silentLog,
    };
    const assignments = new Assignments(parts);
    const call = { runId: await insertNewRun(store, site), effect: "e1" } as const;
    const stage = newStage(call, { waiting: 2 });
    await insertStage(store.db, stage);
    const asked = newAssignment(stage, site);
    await insertAssignments(store.db, [asked], 1);
    await acceptAssignment(store.db, site, asked.id, 1);
    const state = async () => {
      const [one, its] = [await findAssignment(store.db, asked.id), await findStage(store.db, stage)];
      assert.ok(one !== undefined && its !== undefined);
      const { state: stands, attempt } = one;
      return { assignment: one, stage: its, told: [stands, attempt, its.waiting, its.changes] };
    };
    return { store, news, assignments, call, asked, state };
  };
  const given = (what: string, test: (given: Awaited<ReturnType<typeof opened>>) => Promise<void>) =>
    it(what, async () => test(await opened()));
  const giveUp = ({ store, assignments }: { store: Store; assignments: Assignments }, one: Assignment) =>
    store.write((tx) => assignments.giveUp(tx, one, "late", why.code, why.text));

  given(
    "move it when one is refused, and wake the call",
    async ({ assignments, news, call, asked, state }) => {
      const told = news.next(call);
      await assignments.refused(site, asked.id, 1, "NO_CONSENT", "no");
      await told;
      const { told: now, assignment } = await state();
      assert.deepEqual([now, assignment.reason], [["refused", 1, 1, 1], "no"]);
      await assignments.refused(site, asked.id, 1, "NO_CONSENT", "no");
      assert.deepEqual((await state()).told, now, "twice is once");
    },
  );

  given("move it once when one is given up, however often", async ({ store, assignments, asked, state }) => {
    const { assignment } = await state();
    await giveUp({ store, assignments }, assignment);
    await giveUp({ store, assignments }, assignment);
    assert.deepEqual((await state()).told[0], "late");
    assert.equal((await state()).stage.waiting, 1);
    const events = await eventsAfter(store.db, asked.runId, 0);
    assert.deepEqual(
      events.map(({ type, text }) => [type, text]),
      [["assignment.late", why.text]],
    );
  });

  given("stay as they are when another attempt is given up", async ({ store, assignments, state }) => {
    const { assignment } = await state();
    await giveUp({ store, assignments }, { ...assignment, attempt: 2 });
    const { told } = await state();
    assert.deepEqual(told.slice(0, 3), ["accepted", 1, 2]);
  });

  given(
    "go on under the next attempt, three in all, when the work has failed",
    async ({ assignments, asked, state }) => {
      const fails = (attempt: number) =>
        assignments.failed(site, asked.id, attempt, "WORK_FAILED", "oom", true);
      await fails(1);
      assert.deepEqual((await state()).told, ["offered", 2, 2, 1]);
      await fails(1);
      assert.deepEqual((await state()).told, ["offered", 2, 2, 1], "old news");
      await fails(2);
      await fails(3);
      assert.deepEqual((await state()).told, ["failed", 3, 1, 3]);
    },
  );

  given(
    "are offered again to a site that had vanished and is back",
    async ({ store, assignments, state }) => {
      const { assignment } = await state();
      await store.write((tx) => assignments.giveUp(tx, assignment, "vanished", "SITE_VANISHED", "gone"));
      assert.deepEqual((await state()).told, ["vanished", 1, 1, 1]);
      await assignments.resume(site, []);
      assert.deepEqual((await state()).told, ["offered", 2, 2, 2]);
      await assignments.resume(site, []);
      assert.deepEqual((await state()).told, ["offered", 2, 2, 2]);
    },
  );

  given("are not offered again when the stage is closed", async ({ store, assignments, asked, state }) => {
    const { stage } = await state();
    await closeStage(store.db, stage, { short: true, closedAtMs: 9 });
    await assignments.failed(site, asked.id, 1, "WORK_FAILED", "oom", true);
    assert.deepEqual((await state()).told, ["accepted", 1, 2, 0]);
    await settleAssignment(store.db, asked.id, 1, "vanished", why);
    await assignments.resume(site, []);
    assert.deepEqual((await state()).told, ["vanished", 1, 2, 0]);
  });

  given("end for good when the site is revoked", async ({ assignments, state }) => {
    await assignments.siteRevoked(site);
    const { told, assignment } = await state();
    assert.deepEqual([told, assignment.reasonCode], [["failed", 1, 1, 1], "SITE_REVOKED"]);
  });

  given(
    "take no word of another site, and none of an assignment that is not there",
    async ({ assignments, asked, state }) => {
      const before = (await state()).told;
      await assignments.refused(parseSiteId("acme/rome"), asked.id, 1, "NO", "no");
      await assignments.failed(
        site,
        newAssignment(newStage(asked, { position: 7 }), site).id,
        1,
        "NO",
        "no",
        false,
      );
      assert.deepEqual((await state()).told, before);
    },
  );
});
