import assert from "node:assert/strict";
import { it } from "mocha";
import { assignmentIdOf } from "#hub/assignments/model.js";
import {
  closeAssignments,
  findAssignment,
  insertAssignments,
  routingHistory,
  settleAssignment,
} from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { findModelVersion, insertModelVersion, modelVersions } from "#hub/store/models.js";
import { endRound, failOpenRounds, insertRound, nextRound, roundAt, roundsOf } from "#hub/store/rounds.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";
import { insertNewRun } from "../support/rows.js";
import { newAssignment, newStage } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const base = { sha256: hashBytes("base"), sizeBytes: 4 };
const [berlin, rome] = [parseSiteId("acme/berlin"), parseSiteId("acme/rome")];
const error = { code: "QUORUM_LOST", text: "Nobody is left." };
const done = { status: "completed", base, model: undefined, samples: 5, metrics: {}, sites: 1 } as const;

/** A run that has no round yet, and two sites. */
async function newRun(store: Store) {
  const id = await insertNewRun(store, berlin, rome);
  await store.write(({ db }) => recordBlob(db, base, 1));
  return id;
}

/** Begins a round of a call in which sites train. */
const begin = (store: Store, call: CallRef, position: number, ...sites: readonly SiteId[]) =>
  store.write(async ({ db }) => {
    const round = await insertRound(db, { ...call, revision: 2 }, position, 1);
    const stage = newStage(call, { position, round: round.round });
    await insertAssignments(
      db,
      sites.map((site) => newAssignment(stage, site)),
      1,
    );
    return round;
  });

/** The id of a site's assignment in a round. */
const trainingAt = (call: CallRef, position: number, site: SiteId) =>
  assignmentIdOf(newStage(call, { position }), site);

/** One more assignment of a round: a second stage of the same work. */
const later = (call: CallRef, position: number, kind: string, site: SiteId) =>
  newAssignment(newStage(call, { position, kind, stage: "again", round: position }), site);

onEachStore("rounds", (newPlace) => {
  const given = (what: string, test: (store: Store) => Promise<void>) =>
    it(what, async () => test(await (await newPlace())()));

  given("are numbered over the whole run, whichever call they belong to", async (store) => {
    const runId = await newRun(store);
    const [one, two] = [{ runId, effect: "e1" } as const, { runId, effect: "e2" } as const];
    assert.equal(await nextRound(store.db, runId), 1);
    await begin(store, one, 1);
    await Promise.all([begin(store, two, 1), begin(store, one, 2)]);
    assert.equal(await nextRound(store.db, runId), 4);
    const rounds = await roundsOf(store.db, runId);
    assert.deepEqual(
      rounds.map(({ round }) => round),
      [1, 2, 3],
    );
    assert.deepEqual(
      rounds.filter(({ effect }) => effect === "e1").map(({ position }) => position),
      [1, 2],
    );
    assert.ok(rounds.every(({ revision }) => revision === 2));
    for (const round of rounds) assert.deepEqual(await roundAt(store.db, round, round.position), round);
    assert.equal(await roundAt(store.db, one, 3), undefined);
    assert.equal(await roundAt(store.db, { runId, effect: "e3" }, 1), undefined);
  });

  given("fail with their call; those of other calls go on", async (store) => {
    const runId = await newRun(store);
    const [one, two] = [{ runId, effect: "e1" } as const, { runId, effect: "e2" } as const];
    await endRound(store.db, await begin(store, one, 1), { ...done, endedAtMs: 5 });
    const open = await begin(store, one, 2, berlin);
    await begin(store, two, 1, berlin, rome);
    const closed = await closeAssignments(store.db, one, "cancelled", error);
    await failOpenRounds(store.db, one, 7);
    assert.deepEqual(
      closed.map(({ round, effect, site, reason }) => [round, effect, site, reason]),
      [[open.round, "e1", berlin, error.text]],
    );
    assert.deepEqual(
      (await roundsOf(store.db, runId)).map((round) => [round.status, round.endedAtMs]),
      [
        ["completed", 5],
        ["failed", 7],
        ["open", undefined],
      ],
    );
    const running = await findAssignment(store.db, trainingAt(two, 1, rome));
    assert.deepEqual([running?.state, running?.effect], ["offered", "e2"]);
  });

  given("tell routing whom the run has asked, and whom in its last round", async (store) => {
    const runId = await newRun(store);
    assert.deepEqual(await routingHistory(store.db, runId, "train"), {
      previous: new Set(),
      asked: new Map(),
    });
    const [one, two] = [{ runId, effect: "e1" } as const, { runId, effect: "e2" } as const];
    await begin(store, one, 1, berlin, rome);
    await settleAssignment(store.db, trainingAt(one, 1, rome), 1, "late", error);
    await begin(store, two, 1, berlin);
    const { previous, asked } = await routingHistory(store.db, runId, "train");
    assert.deepEqual([[...previous], asked.get(berlin), asked.get(rome)], [[berlin], 2, 1]);
    // A call beside it, whose round began before, does not make it the last one.
    await store.write(({ db }) => insertAssignments(db, [later(one, 1, "train", rome)], 1));
    const { previous: still, asked: more } = await routingHistory(store.db, runId, "train");
    assert.deepEqual([[...still], more.get(rome)], [[berlin], 2]);
    // Other work is asked of others.
    assert.deepEqual((await routingHistory(store.db, runId, "evaluate")).asked, new Map());
  });

  given("make versions that are found by number, by digest and by round", async (store) => {
    const [runId, other] = [await newRun(store), await newRun(store)];
    const version = { model: "m", createdAtMs: 1, metrics: {}, layers: "[]", sites: 1, blob: base };
    for (const [run, round, from] of [
      [runId, 0, undefined],
      [runId, 1, base],
      [other, 0, undefined],
    ] as const)
      await store.write(({ db }) => insertModelVersion(db, { ...version, runId: run, round, base: from }));
    const found = async (ref: Parameters<typeof findModelVersion>[1], run = runId) =>
      (await findModelVersion(store.db, ref, run))?.version;
    assert.equal(await found({ model: "m", version: 1 }), 1);
    assert.equal(await found({ model: "m", version: 4 }), undefined);
    assert.equal(await found({ model: "other", version: 1 }), undefined);
    // The same bytes are several versions: the run's own newest is meant.
    assert.equal(await found({ sha256: base.sha256 }), 2);
    assert.equal(await found({ sha256: base.sha256 }, other), 3);
    assert.equal(await found({ model: "m", version: 1, sha256: hashBytes("another") }), undefined);
    const made = (await modelVersions(store.db, { runId })).find(({ round }) => round === 1);
    assert.deepEqual([made?.version, made?.parent], [2, 1]);
  });

  given(
    "make one version each, also when they are written again; calls that begin alike make one each",
    async (store) => {
      const [runId, other] = [await newRun(store), await newRun(store)];
      const version = { model: "m", createdAtMs: 1, metrics: {}, layers: "[]", sites: 1, blob: base, base };
      const make = (run: typeof runId, round: number, metrics = {}) =>
        store.write(({ db }) => insertModelVersion(db, { ...version, runId: run, round, metrics }));
      assert.deepEqual([await make(runId, 0), await make(runId, 0)], [1, 2]);
      assert.deepEqual([await make(runId, 1), await make(runId, 1, { loss: 0.5 })], [3, 3]);
      assert.deepEqual([await make(other, 1), await make(runId, 2)], [4, 5]);
      const kept = await modelVersions(store.db, { model: "m" });
      assert.deepEqual(
        kept.map(({ round, metrics }) => [round, metrics]),
        [
          [0, {}],
          [0, {}],
          [1, { loss: 0.5 }],
          [1, {}],
          [2, {}],
        ],
      );
    },
  );
});
