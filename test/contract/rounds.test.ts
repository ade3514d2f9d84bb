import type { CallRef } from "#kernel/refs.js";
import assert from "node:assert/strict";
import { it } from "mocha";
import { saveInvitedSite } from "#hub/store/admission.js";
import {
  closeAssignments,
  findAssignment,
  insertAssignments,
  routingHistory,
  settleAssignment,
} from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { findOpenCall, isWanted } from "#hub/store/calls.js";
import { findModelVersion, insertModelVersion, versionOfRound } from "#hub/store/models.js";
import {
  failOpenRounds,
  firstRound,
  insertRound,
  lastRound,
  moveRound,
  nextRound,
  roundsOf,
} from "#hub/store/rounds.js";
import { insertRun, saveWorkflow } from "#hub/store/runs.js";
import type { Store } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { assignmentId, newRunId, parseSiteId, type RunId } from "#kernel/ids.js";
import { onEachStore } from "#test/support/stores.js";

const base = { sha256: hashBytes("base"), sizeBytes: 4 };
const times = { state: "collecting", startedAtMs: 1, deadlineAtMs: 100, base } as const;
const [berlin, rome] = [parseSiteId("acme/berlin"), parseSiteId("acme/rome")];
const error = { code: "QUORUM_LOST", text: "Nobody is left." };

/** A run that has no round yet, and two sites. */
async function newRun(store: Store): Promise<RunId> {
  const id = newRunId();
  await store.write(async ({ db }) => {
    const workflowSha256 = hashBytes("{}");
    await saveWorkflow(db, workflowSha256, "{}", 1);
    for (const site of [berlin, rome]) await saveInvitedSite(db, site, {}, 1);
    const start = { id, name: "night", workflowSha256, state: "running", startedBy: "ada" } as const;
    const end = { startedAtMs: 1, endedAtMs: undefined, errorCode: undefined, errorText: undefined };
    const origin = { workflow: "default/night:1.0.0", parent: undefined };
    await insertRun(db, { ...start, ...end, ...origin }, { input: null });
    await recordBlob(db, base, 1);
  });
  return id;
}

/** Begins a round of a call in which sites train. */
const begin = (store: Store, call: CallRef, position: number, ...sites: (typeof berlin)[]) =>
  store.write(async ({ db }) => {
    const round = await insertRound(db, { ...call, position, ...times });
    const work = { ...call, round: round.round, kind: "train", base, deadlineAtMs: 100 } as const;
    const fresh = sites.map((site) => {
      return { ...work, site, id: assignmentId(call.runId, round.round, "train", site) };
    });
    if (fresh.length > 0) await insertAssignments(db, fresh, 1);
    return round;
  });

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
    assert.equal((await firstRound(store.db, one))?.position, 1);
    assert.equal((await lastRound(store.db, one))?.position, 2);
    assert.equal((await lastRound(store.db, two))?.position, 1);
    assert.equal(await lastRound(store.db, { runId, effect: "e3" }), undefined);
  });

  given("fail with their call, and remember why; those of other calls go on", async (store) => {
    const runId = await newRun(store);
    const [one, two] = [{ runId, effect: "e1" } as const, { runId, effect: "e2" } as const];
    const done = await begin(store, one, 1);
    await moveRound(store.db, runId, done.round, "collecting", { state: "completed", endedAtMs: 5 });
    const open = await begin(store, one, 2, berlin);
    const other = await begin(store, two, 1, berlin, rome);
    const closed = await closeAssignments(store.db, one, "cancelled", error);
    await failOpenRounds(store.db, one, error, 7);
    assert.deepEqual(
      closed.map(({ round, effect, site }) => [round, effect, site]),
      [[open.round, "e1", berlin]],
    );
    assert.deepEqual(
      (await roundsOf(store.db, runId)).map((round) => [round.state, round.endedAtMs, round.error]),
      [
        ["completed", 5, undefined],
        ["failed", 7, error],
        ["collecting", undefined, undefined],
      ],
    );
    const running = await findAssignment(store.db, assignmentId(runId, other.round, "train", rome));
    assert.deepEqual([running?.state, running?.effect], ["offered", "e2"]);
  });

  given("tell routing whom the run has asked, and whom in its last round", async (store) => {
    const runId = await newRun(store);
    assert.deepEqual(await routingHistory(store.db, runId), { previous: new Set(), asked: new Map() });
    const first = await begin(store, { runId, effect: "e1" }, 1, berlin, rome);
    await settleAssignment(store.db, assignmentId(runId, first.round, "train", rome), 1, "late", error);
    await begin(store, { runId, effect: "e2" }, 1, berlin);
    const { previous, asked } = await routingHistory(store.db, runId);
    assert.deepEqual([[...previous], asked.get(berlin), asked.get(rome)], [[berlin], 2, 1]);
  });

  given("make versions that are found by number, by digest and by round", async (store) => {
    const [runId, other] = [await newRun(store), await newRun(store)];
    const version = { model: "m", createdAtMs: 1, layers: "[]", sites: 1, blob: base };
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
    const made = await versionOfRound(store.db, runId, 1);
    assert.deepEqual([made?.version, made?.parent], [2, 1]);
  });
});

onEachStore("calls", (newPlace) => {
  it("are open until their row goes, and wanted until they are cancelled", async () => {
    const store = await (await newPlace())();
    const call = { runId: await newRun(store), effect: "e1" } as const;
    assert.equal(await findOpenCall(store.db, call), undefined);
    assert.equal(await isWanted(store.db, call), false);
    const row = { call: "fed.train:1.0.0@default", argument: "{}", ref: "/do/0/train", created_at_ms: 7 };
    await store.db
      .insertInto("effects")
      .values({ run_id: call.runId, effect: "e1", ...row })
      .execute();
    assert.deepEqual(await findOpenCall(store.db, call), {
      call: row.call,
      argument: "{}",
      createdAtMs: 7,
      runName: "night",
    });
    assert.equal(await isWanted(store.db, call), true);
    await store.db.updateTable("effects").set({ cancel_reason: "no more" }).execute();
    assert.equal(await isWanted(store.db, call), false);
    assert.notEqual(await findOpenCall(store.db, call), undefined);
  });
});
