import assert from "node:assert/strict";
import { it } from "mocha";
import type { Call } from "#hub/federated/call.js";
import {
  endCall,
  findCall,
  insertCall,
  isPaused,
  moveCall,
  originOf,
  roundsEndedBy,
  saveOutput,
  secondsOf,
  whyNotMoved,
} from "#hub/store/calls.js";
import { endRound, failOpenRounds, insertRound } from "#hub/store/rounds.js";
import type { Store } from "#hub/store/store.js";
import type { RunId } from "#kernel/ids.js";
import type { EffectId } from "#kernel/refs.js";
import { insertEffect, insertNewRun, leaseRun } from "../support/rows.js";
import { onEachStore } from "../support/stores.js";

const error = { code: "QUORUM_LOST", text: "Nobody is left." };

/** A call as it begins. */
const newCall = (runId: RunId, changes: Partial<Call> = {}): Call => ({
  runId,
  effect: "e1",
  function: "fed.train:1.0.0@default",
  revision: 1,
  argument: { rounds: 2, at: {} },
  ref: "/do/0/train",
  origin: "e1",
  drawBase: 0,
  createdAtMs: 7,
  position: -1,
  state: null,
  status: "open",
  output: null,
  error: undefined,
  version: 0,
  ...changes,
});

onEachStore("the rows of calls", (newPlace) => {
  /** A run that a process has, with a call that is wanted. */
  const given = (
    what: string,
    test: (given: {
      readonly store: Store;
      readonly call: Call;
      readonly lease: { readonly owner: string; readonly fence: number };
    }) => Promise<void>,
  ) =>
    it(what, async () => {
      const store = await (await newPlace())();
      const call = newCall(await insertNewRun(store));
      const lease = await leaseRun(store, call.runId, "hub-1", 3);
      await insertEffect(store, call);
      await insertCall(store.db, call);
      await test({ store, call, lease });
    });

  given("are written once, and found as they were written", async ({ store, call }) => {
    assert.deepEqual(await findCall(store.db, call), call);
    assert.equal(await findCall(store.db, { ...call, effect: "e2" }), undefined);
    assert.equal(await insertCall(store.db, { ...call, argument: "another", position: 4, state: {} }), false);
    assert.deepEqual(await findCall(store.db, call), call);
    const state = { model: { sha256: "0".repeat(64), sizeBytes: 3 }, beta: [0.5, -1e-9] };
    const other = newCall(call.runId, { effect: "e2", origin: "e1", position: 2, state, drawBase: 5 });
    assert.equal(await insertCall(store.db, other), true);
    assert.deepEqual(await findCall(store.db, other), other);
  });

  given("move under the version that was read, and no other", async ({ store, call, lease }) => {
    const to = { ...call, revision: 2, position: 0, state: { n: 1 } };
    assert.equal(await moveCall(store.db, { ...call, version: 1 }, to, lease), false);
    assert.deepEqual(await findCall(store.db, call), call);
    assert.equal(await moveCall(store.db, call, to, lease), true);
    assert.equal(await moveCall(store.db, call, { ...to, position: 1 }, lease), false);
    assert.equal(await whyNotMoved(store.db, call, lease), "reload");
    const moved = { ...to, version: 1 };
    assert.deepEqual(await findCall(store.db, call), moved);
    assert.equal(await moveCall(store.db, moved, { ...to, status: "completed", output: null }, lease), true);
    await saveOutput(store.db, call, { rounds: 2 });
    assert.deepEqual(await findCall(store.db, call), {
      ...to,
      status: "completed",
      output: { rounds: 2 },
      version: 2,
    });
  });

  given("move for nobody once they have ended", async ({ store, call, lease }) => {
    const to = { ...call, position: 0, state: {} };
    assert.equal(await endCall(store.db, call, "failed", error, lease), call.position);
    const ended = { ...call, status: "failed" as const, error, version: 1 };
    assert.deepEqual(await findCall(store.db, call), ended);
    assert.equal(await moveCall(store.db, ended, to, lease), false);
    assert.equal(await whyNotMoved(store.db, call, lease), "reload");
  });

  given("move for the owner under its fence, and for nobody else", async ({ store, call, lease }) => {
    const to = { ...call, position: 0, state: {} };
    for (const other of [
      { ...lease, owner: "hub-2" },
      { ...lease, fence: lease.fence - 1 },
    ]) {
      assert.equal(await moveCall(store.db, call, to, other), false);
      assert.equal(await whyNotMoved(store.db, call, other), "lost");
    }
    assert.deepEqual(await findCall(store.db, call), call);
    const next = await leaseRun(store, call.runId, "hub-2", 4);
    assert.equal(await moveCall(store.db, call, to, lease), false);
    assert.equal(await whyNotMoved(store.db, call, lease), "lost");
    assert.equal(await moveCall(store.db, call, to, next), true);
  });

  given("move only while they are wanted", async ({ store, call, lease }) => {
    const to = { ...call, position: 0, state: {} };
    await store.db.updateTable("effects").set({ cancel_reason: "no more" }).execute();
    assert.equal(await moveCall(store.db, call, to, lease), false);
    assert.equal(await whyNotMoved(store.db, call, lease), "cancelled");
    await store.db.deleteFrom("effects").execute();
    assert.equal(await moveCall(store.db, call, to, lease), false);
    assert.equal(await whyNotMoved(store.db, call, lease), "cancelled");
    assert.deepEqual(await findCall(store.db, call), call);
  });

  given("end once: a driver that has lost its run ends nothing", async ({ store, call, lease }) => {
    assert.equal(await endCall(store.db, call, "failed", error, { ...lease, fence: 2 }), undefined);
    assert.equal(await endCall(store.db, call, "failed", error, { ...lease, owner: "hub-2" }), undefined);
    assert.deepEqual(await findCall(store.db, call), call);
    assert.equal(await endCall(store.db, call, "failed", error, lease), call.position);
    assert.equal(await endCall(store.db, call, "cancelled", error, undefined), undefined);
    assert.equal((await findCall(store.db, call))?.status, "failed");
  });

  given("are cancelled by whoever undoes them, without a lease", async ({ store, call, lease }) => {
    const state = { n: 1 };
    assert.equal(await moveCall(store.db, call, { ...call, position: 1, state }, lease), true);
    const other = newCall(call.runId, { effect: "e2" });
    await insertCall(store.db, other);
    assert.equal(await endCall(store.db, call, "cancelled", error, undefined), 1);
    // The state stays, for a retry by hand.
    const ended = { ...call, position: 1, state, status: "cancelled" as const, error, version: 2 };
    assert.deepEqual(await findCall(store.db, call), ended);
    assert.deepEqual(await findCall(store.db, other), other);
    assert.equal(
      await endCall(store.db, { ...call, effect: "e3" }, "cancelled", error, undefined),
      undefined,
    );
  });

  given("tell sites whom their work is for", async ({ store, call }) => {
    await insertCall(store.db, newCall(call.runId, { effect: "e4", origin: "e1", drawBase: 9 }));
    assert.deepEqual(await originOf(store.db, { ...call, effect: "e4" }), {
      runName: "night",
      startedBy: "ada",
      function: "fed.train:1.0.0@default",
      drawBase: 9,
      origin: "e1",
    });
    assert.equal(await originOf(store.db, { ...call, effect: "e5" }), undefined);
  });

  given(
    "know how many rounds had ended when one was made, by what the engine had seen",
    async ({ store, call }) => {
      const { runId } = call;
      const round = async (effect: EffectId, position: number) =>
        insertRound(store.db, { runId, effect, revision: 1 }, position, 1);
      // Of the first release, whose calls had no rows: over.
      await round("e9", 1);
      await round("e9", 2);
      assert.equal(await roundsEndedBy(store.db, runId, 0), 2);
      await insertCall(store.db, newCall(runId, { effect: "e2" }));
      await round("e1", 1);
      const nothing = await round("e1", 2);
      const figures = { base: undefined, model: undefined, samples: 0, metrics: {}, sites: 0 };
      await endRound(store.db, nothing, { ...figures, status: "void", endedAtMs: 2 });
      await round("e2", 1);
      await failOpenRounds(store.db, call, 3);
      assert.equal(await roundsEndedBy(store.db, runId, 50), 2, "no end is taken in yet");
      const ends = (effect: EffectId, seq: number) =>
        store.db.updateTable("calls").set({ ended_seq: seq }).where("effect", "=", effect).execute();
      await ends("e1", 5);
      await ends("e2", 8);
      const ended = [4, 5, 7, 8].map((seq) => roundsEndedBy(store.db, runId, seq));
      assert.deepEqual(await Promise.all(ended), [2, 4, 4, 5]);
      assert.equal(await roundsEndedBy(store.db, await insertNewRun(store), 8), 0);
    },
  );

  given("count their seconds from the beginning of their first round", async ({ store, call }) => {
    assert.equal(await secondsOf(store.db, call, 9_000), 0);
    await insertRound(store.db, call, 1, 2_000);
    await insertRound(store.db, call, 2, 5_000);
    await insertRound(store.db, { ...call, effect: "e2" }, 1, 1_000);
    assert.equal(await secondsOf(store.db, call, 9_000), 7);
  });

  given("rest while their run is paused", async ({ store, call }) => {
    assert.equal(await isPaused(store.db, call.runId), false);
    await store.db.updateTable("runs").set({ state: "paused" }).execute();
    assert.equal(await isPaused(store.db, call.runId), true);
    assert.equal(await isPaused(store.db, await insertNewRun(store)), false);
  });
});
