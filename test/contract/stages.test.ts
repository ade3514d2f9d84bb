import assert from "node:assert/strict";
import { it } from "mocha";
import type { Stage } from "#hub/assignments/stage.js";
import { deliverAssignments } from "#hub/store/answers.js";
import { findAssignment, insertAssignments } from "#hub/store/assignments.js";
import {
  closeStage,
  countOfStage,
  endStages,
  findStage,
  inputsOfSite,
  insertStage,
  moveStage,
  replaceStageInputs,
  stagesOf,
} from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { parseSiteId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";
import { insertNewRun } from "../support/rows.js";
import { headerTo, newAssignment, newStage } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const [berlin, rome] = [parseSiteId("acme/berlin"), parseSiteId("acme/rome")];
const blob = (name: string) => ({ sha256: hashBytes(name), sizeBytes: name.length });
const closing = { short: false, closedAtMs: 9 };

onEachStore("stages", (newPlace) => {
  const given = (what: string, test: (store: Store, call: CallRef) => Promise<void>) =>
    it(what, async () => {
      const store = await (await newPlace())();
      await test(store, { runId: await insertNewRun(store, berlin, rome), effect: "e1" });
    });
  const read = async (store: Store, stage: Parameters<typeof findStage>[1]): Promise<Stage> => {
    const found = await findStage(store.db, stage);
    assert.ok(found !== undefined);
    return found;
  };

  given("are found as they were sent, by their names", async (store, call) => {
    const stage = newStage(call, {
      work: { kind: "train", dataset: { name: "x" }, local: { epochs: 1 } },
      inputs: { base: blob("base"), control: blob("control") },
      siteState: "control",
      rule: { ...newStage(call).rule, min: 3, fraction: 0.5, onShort: "tell" },
      unasked: [{ site: rome, reason: "it is not connected" }],
      population: 4,
      waiting: 3,
      concurrency: 2,
      quiet: true,
    });
    await insertStage(store.db, stage);
    const fresh = { status: "open", closedAtMs: undefined, short: false, changes: 0 };
    assert.deepEqual(await read(store, stage), { ...stage, ...fresh });
    for (const other of [{ stage: "evaluate" }, { position: 2 }, { effect: "e2" as const }])
      assert.equal(await findStage(store.db, { ...stage, ...other }), undefined);
    await assert.rejects(insertStage(store.db, stage), /UNIQUE|unique|duplicate/);
  });

  given("are those that a round sees: its own, and those that outlive rounds", async (store, call) => {
    for (const [position, stage, openedAtMs] of [
      [2, "evaluate", 5],
      [2, "train", 4],
      [1, "train", 2],
      [0, "stream", 1],
    ] as const)
      await insertStage(store.db, newStage(call, { position, stage, openedAtMs }));
    await insertStage(store.db, newStage({ ...call, effect: "e2" }, { position: 2 }));
    const names = async (position: number) =>
      (await stagesOf(store.db, call, position)).map((one) => `${one.position}/${one.stage}`);
    assert.deepEqual(await names(1), ["0/stream", "1/train"]);
    assert.deepEqual(await names(2), ["0/stream", "2/train", "2/evaluate"]);
    assert.deepEqual(await names(3), ["0/stream"]);
  });

  given("close as they were read, once", async (store, call) => {
    const key = newStage(call, { waiting: 1 });
    await insertStage(store.db, key);
    const stage = await read(store, key);
    assert.equal(await closeStage(store.db, stage, { short: true, closedAtMs: 9 }), true);
    assert.equal(await closeStage(store.db, stage, closing), false);
    const closed = { ...stage, status: "closed" as const, short: true, closedAtMs: 9 };
    assert.deepEqual(await read(store, key), closed);
    assert.equal(await moveStage(store.db, key, -1), undefined, "nothing of it changes any more");
    assert.deepEqual(await read(store, key), closed);
  });

  given("do not close when an answer has come in between reading and closing", async (store, call) => {
    const key = newStage(call, { waiting: 2 });
    await insertStage(store.db, key);
    await insertAssignments(store.db, [newAssignment(key, berlin), newAssignment(key, rome)], 1);
    const before = await read(store, key);
    await store.write(async ({ db }) => {
      const moved = await moveStage(db, key, -1);
      assert.deepEqual(moved, { changes: 1, isDue: false });
      await deliverAssignments(db, [
        {
          header: headerTo(newAssignment(key, rome).id),
          answerSha256: hashBytes("answer"),
          arrival: 1,
          nowMs: 5,
        },
      ]);
    });
    assert.equal(await closeStage(store.db, before, closing), false);
    const after = await read(store, key);
    assert.deepEqual([after.status, after.changes, after.waiting], ["open", 1, 1]);
    assert.equal((await findAssignment(store.db, newAssignment(key, rome).id))?.arrival, 1);
    assert.equal(await closeStage(store.db, after, closing), true);
  });

  given(
    "keep answers out that come when they are closed, or take them in and stay open: never both",
    async (store, call) => {
      for (let position = 1; position <= 10; position++) {
        const key = newStage(call, { position, waiting: 1 });
        await insertStage(store.db, key);
        const stage = await read(store, key);
        const answer = () => store.write(({ db }) => moveStage(db, key, -1));
        const close = () => store.write(({ db }) => closeStage(db, stage, closing));
        const [moved, closed] =
          position % 2 === 0
            ? await Promise.all([answer(), close()])
            : (await Promise.all([close(), answer()])).toReversed();
        assert.notEqual(moved === undefined, closed === false);
      }
    },
  );

  given(
    "tell when their driver is to look: a barrier when none is waited for, a stream each time",
    async (store, call) => {
      const barrier = newStage(call, { waiting: 2 });
      const stream = newStage(call, { position: 0, stage: "stream", waiting: 2, concurrency: 2 });
      await insertStage(store.db, barrier);
      await insertStage(store.db, stream);
      const move = (key: Parameters<typeof moveStage>[1], opened: number) => moveStage(store.db, key, opened);
      assert.deepEqual(await move(barrier, -1), { changes: 1, isDue: false });
      // A site that had vanished is back.
      assert.deepEqual(await move(barrier, 1), { changes: 2, isDue: false });
      assert.deepEqual(await move(barrier, -1), { changes: 3, isDue: false });
      assert.deepEqual(await move(barrier, -1), { changes: 4, isDue: true });
      assert.deepEqual(await move(stream, -1), { changes: 1, isDue: true });
      assert.deepEqual(await move(stream, 1), { changes: 2, isDue: true });
      assert.equal((await read(store, stream)).waiting, 2);
    },
  );

  given("end with their call: those that are open, and no other call's", async (store, call) => {
    const done = newStage(call, { stage: "train" });
    const open = newStage(call, { stage: "evaluate" });
    const other = newStage({ ...call, effect: "e2" });
    for (const stage of [done, open, other]) await insertStage(store.db, stage);
    await closeStage(store.db, await read(store, done), closing);
    await endStages(store.db, call, "failed", 12);
    const states = await Promise.all([done, open, other].map((key) => read(store, key)));
    assert.deepEqual(
      states.map(({ status, closedAtMs }) => [status, closedAtMs]),
      [
        ["closed", 9],
        ["failed", 12],
        ["open", undefined],
      ],
    );
    assert.equal(await moveStage(store.db, open, -1), undefined);
  });

  given(
    "let a site fetch what its open work names: of the stage and its own, and nothing else",
    async (store, call) => {
      const train = newStage(call, { inputs: { base: blob("model"), control: blob("control") } });
      const done = newStage(call, { position: 2, inputs: { base: blob("other") } });
      const stream = newStage(call, { position: 0, stage: "stream", inputs: { base: blob("first") } });
      for (const stage of [train, done, stream]) await insertStage(store.db, stage);
      const own = { inputs: { base: blob("first"), shares: blob("shares") } };
      const asked = [
        newAssignment(train, berlin),
        newAssignment(done, berlin),
        newAssignment(stream, rome, { part: own }),
      ];
      await insertAssignments(store.db, asked, 1);
      await deliverAssignments(store.db, [
        {
          header: headerTo(newAssignment(done, berlin).id),
          answerSha256: hashBytes("answer"),
          arrival: 1,
          nowMs: 5,
        },
      ]);
      const names = async (site: typeof berlin) => [...(await inputsOfSite(store.db, site))].toSorted();
      const digests = (...list: string[]) => list.map((name) => blob(name).sha256).toSorted();
      assert.deepEqual(await names(berlin), digests("model", "control"));
      assert.deepEqual(await names(rome), digests("first", "shares"));
      // What the stream gives from now on is no business of those who are at work.
      await replaceStageInputs(store.db, stream, { base: blob("second") });
      assert.deepEqual(await names(rome), digests("first", "shares"));
      assert.deepEqual((await read(store, stream)).inputs, { base: blob("second") });
      assert.deepEqual(await names(parseSiteId("acme/nobody")), []);
    },
  );

  given("know how many sites were asked", async (store, call) => {
    const stage = newStage(call);
    await insertStage(store.db, stage);
    assert.deepEqual(await countOfStage(store.db, stage), { asked: 0 });
    await insertAssignments(store.db, [newAssignment(stage, berlin), newAssignment(stage, rome)], 1);
    await insertAssignments(store.db, [newAssignment(newStage(call, { stage: "evaluate" }), rome)], 1);
    assert.deepEqual(await countOfStage(store.db, stage), { asked: 2 });
  });
});
