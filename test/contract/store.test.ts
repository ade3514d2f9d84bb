import assert from "node:assert/strict";
import { it } from "mocha";
import type { AnswerHeader } from "#hub/assignments/model.js";
import { saveInvitedSite } from "#hub/store/admission.js";
import { deliverAssignments, insertLateAnswer } from "#hub/store/answers.js";
import {
  assignmentsOfRound,
  closeAssignments,
  findAssignment,
  insertAssignments,
  reopenAssignment,
  settleAssignment,
  vanishedAssignments,
} from "#hub/store/assignments.js";
import { recordBlob } from "#hub/store/blobs.js";
import { appendEvents, eventsAfter } from "#hub/store/events.js";
import { insertModelVersion, modelVersions } from "#hub/store/models.js";
import { once } from "#hub/store/operations.js";
import { endRound, failOpenRounds, insertRound, roundAt } from "#hub/store/rounds.js";
import { countRunningRuns, findRun } from "#hub/store/runs.js";
import type { Db } from "#hub/store/schema.js";
import { listSites, saveCatalogue } from "#hub/store/sites.js";
import { closeStage, insertStage, stagesOf } from "#hub/store/stages.js";
import type { Store } from "#hub/store/store.js";
import type { Gatherer, Tx } from "#hub/store/tx.js";
import { sleep } from "#kernel/async.js";
import { hashBytes } from "#kernel/files.js";
import { type AssignmentId, parseOpId, parseSiteId, type RunId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";
import { insertNewRun } from "../support/rows.js";
import { headerTo, newAssignment, newStage } from "../support/stages.js";
import { type OpenStore, onEachStore } from "../support/stores.js";

const site = parseSiteId("acme/a");
const base = { sha256: hashBytes("base"), sizeBytes: 4 };
const update = { sha256: hashBytes("update"), sizeBytes: 6 };
const because = { code: "WORK_FAILED", text: "out of memory" };

/** A run with one round, its stage that is open, and one offered assignment. */
async function seed(store: Store): Promise<{ runId: RunId; call: CallRef; id: AssignmentId }> {
  const runId = await insertNewRun(store, site);
  const call = { runId, effect: "e1" } as const;
  const stage = newStage(call, { waiting: 1, inputs: { base } });
  const offered = newAssignment(stage, site);
  await store.write(async ({ db }) => {
    await recordBlob(db, base, 1);
    await insertRound(db, { ...call, revision: 1 }, 1, 1);
    await insertStage(db, stage);
    await insertAssignments(db, [offered], 1);
  });
  return { runId, call, id: offered.id };
}

const answer = (id: AssignmentId, attempt: number) => headerTo(id, { attempt, baseSha256: base.sha256 });

/** Records an answer as the `arrival`th of its stage. */
const deliver = async (db: Db, header: AnswerHeader, nowMs: number, arrival = 1) => {
  const delivered = await deliverAssignments(db, [{ header, answerSha256: base.sha256, arrival, nowMs }]);
  return delivered.has(header.assignmentId);
};

/** What the rows promise, whatever database holds them. `reopen` gives the same rows to a new process. */
onEachStore("store", (newPlace) => {
  const given = (what: string, test: (store: Store, reopen: OpenStore) => Promise<void>) =>
    it(what, async () => {
      const open = await newPlace();
      await test(await open(), open);
    });

  given(
    "lets changes that come together share a commit, and each keep its failure to itself",
    async (store) => {
      const written: string[][] = [];
      const gatherer = {
        write: (_tx: unknown, items: readonly string[]) => {
          written.push([...items]);
          return Promise.resolve();
        },
      };
      const add = (name: string, fails: boolean) =>
        store.write(async (tx) => {
          tx.gather(gatherer, name);
          await saveInvitedSite(tx.db, parseSiteId(`acme/${name}`), {}, 1);
          if (fails) throw new Error("no");
        });
      const outcomes = await Promise.allSettled([add("a", false), add("b", true), add("c", false)]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled"],
      );
      assert.deepEqual(written, [["a", "c"]]);
      const rows = await store.db.selectFrom("sites").select("site").orderBy("site").execute();
      assert.deepEqual(
        rows.map((row) => row.site),
        ["acme/a", "acme/c"],
      );
    },
  );

  given("has what can wait written with what cannot, and else by itself", async (store) => {
    const groups: string[][] = [];
    const last: Gatherer<string> = { write: (_tx, items) => Promise.resolve(void groups.push([...items])) };
    // What one gatherer gathers for another is written after it.
    const first: Gatherer<string> = {
      write(tx, items) {
        for (const item of items) tx.gather(last, item);
        return Promise.resolve();
      },
    };
    const put = (name: string, urgent: boolean) => store.put(first, name, () => undefined, urgent);
    await Promise.all([put("a", false), put("b", false), sleep(1).then(() => put("c", true))]);
    await put("d", false);
    const waiting = put("e", false);
    await store.close();
    await waiting;
    assert.deepEqual(groups, [["a", "b", "c"], ["d"], ["e"]]);
  });

  given("lets no one item that the database refuses hold up what others gather with it", async (store) => {
    const gatherer = {
      write: async (tx: Tx, items: readonly { opId: string; told: string[] }[]) => {
        const row = { actor: "a", method: "m", content_sha256: "", reply: "", at_ms: 1 };
        await tx.db
          .insertInto("operations")
          .values(items.map(({ opId }) => ({ ...row, op_id: opId })))
          .execute();
        tx.afterCommit(() => items.forEach(({ opId, told }) => told.push(opId)));
      },
    };
    const told: string[] = [];
    const put = (opId: string) => store.put(gatherer, { opId, told }, () => told.push(`put ${opId}`));
    await put("taken");
    const outcomes = await Promise.allSettled([put("one"), put("taken"), put("two")]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    assert.deepEqual(
      told.filter((one) => !one.startsWith("put ")),
      ["taken", "one", "two"],
    );
    const rows = await store.db.selectFrom("operations").select("op_id").orderBy("op_id").execute();
    assert.deepEqual(
      rows.map((row) => row.op_id),
      ["one", "taken", "two"],
    );
  });

  given("tells after the commit, in order, and nothing after a rollback", async (store) => {
    const told: string[] = [];
    const write = (fails: boolean) =>
      store.write(async (tx) => {
        await saveInvitedSite(tx.db, site, { fails: String(fails) }, 1);
        for (const text of ["one", "two"]) tx.afterCommit(() => told.push(text));
        assert.deepEqual(told, []);
        if (fails) throw new Error("no");
      });
    await assert.rejects(write(true), /no/);
    assert.deepEqual(told, []);
    assert.deepEqual(await listSites(store.db), []);
    await write(false);
    assert.deepEqual(told, ["one", "two"]);
    assert.equal((await listSites(store.db)).length, 1);
  });

  given("lets writers that read before they write take turns", async (store) => {
    const { runId } = await seed(store);
    const writer = async (tx: Tx) => {
      const [newest] = (await eventsAfter(tx.db, runId, 0)).slice(-1);
      await new Promise((resolve) => setImmediate(resolve));
      await appendEvents(tx.db, [{ runId, type: "round.started", text: String(newest?.seq ?? 0) }], 1);
    };
    await Promise.all(Array.from({ length: 20 }, () => store.write(writer)));
    const events = await eventsAfter(store.db, runId, 0);
    // Each saw what the one before it wrote: no gaps, no doubles.
    assert.deepEqual(
      events.map(({ seq, text }) => [seq, text]),
      Array.from({ length: 20 }, (_, index) => [index + 1, String(index)]),
    );
  });

  given("has one effect for an op_id: same content, same answer; other content, refused", async (store) => {
    let effects = 0;
    const ask = (content: unknown, changes: object = {}) =>
      once(
        store,
        { opId: parseOpId("op"), actor: "ada", method: "StartRun", content, ...changes },
        1,
        (tx) => {
          effects++;
          tx.afterCommit(() => undefined);
          return Promise.resolve({ made: effects });
        },
      );
    assert.deepEqual(await ask({ a: 1, b: 2 }), { made: 1 });
    assert.deepEqual(await ask({ b: 2, a: 1 }), { made: 1 }, "the order of keys is no content");
    for (const other of [
      ask({ a: 2, b: 2 }),
      ask({ a: 1, b: 2 }, { actor: "eve" }),
      ask({ a: 1, b: 2 }, { method: "CancelRun" }),
    ])
      await assert.rejects(other, { code: "OP_ID_REUSED" });
    assert.equal(effects, 1);
  });

  given("has one effect when the same call comes twice at once, and none when it fails", async (store) => {
    let effects = 0;
    const operation = { opId: parseOpId("op"), actor: "ada", method: "Invite", content: {} };
    const failing = once(store, operation, 1, async (tx) => {
      await saveInvitedSite(tx.db, site, {}, 1);
      throw new Error("no");
    });
    await assert.rejects(failing, /no/);
    assert.deepEqual(await listSites(store.db), [], "the effect is gone");
    const both = await Promise.all(
      [1, 2].map(() => once(store, operation, 1, () => Promise.resolve(++effects))),
    );
    assert.deepEqual(both, [1, 1]);
  });

  given("takes an answer once, at the attempt that is open", async (store) => {
    const { id } = await seed(store);
    assert.equal(await reopenAssignment(store.db, id, 1, ["offered"]), true);
    assert.equal(await deliver(store.db, answer(id, 1), 5), false, "an old attempt");
    assert.equal(await deliver(store.db, answer(id, 3), 5), false, "no such attempt");
    assert.equal((await findAssignment(store.db, id))?.state, "offered");
    assert.equal(await deliver(store.db, answer(id, 2), 5), true);
    assert.equal(await deliver(store.db, answer(id, 2), 6), false, "twice");
    const row = await findAssignment(store.db, id);
    assert.deepEqual([row?.state, row?.attempt, row?.samples, row?.deliveredAtMs], ["delivered", 2, 10, 5]);
  });

  given("never moves what is settled", async (store) => {
    const { id, runId } = await seed(store);
    assert.equal(await settleAssignment(store.db, id, 2, "failed", because), false);
    assert.equal(await settleAssignment(store.db, id, 1, "accepted"), true);
    assert.equal(await settleAssignment(store.db, id, 1, "late", because), true);
    for (const state of ["accepted", "failed", "vanished"] as const)
      assert.equal(await settleAssignment(store.db, id, 1, state, because), false, state);
    assert.equal(await deliver(store.db, answer(id, 1), 5), false);
    assert.equal(await reopenAssignment(store.db, id, 1, ["vanished"]), false);
    assert.equal(await reopenAssignment(store.db, id, 1, ["offered", "accepted"]), false);
    assert.deepEqual(await closeAssignments(store.db, { runId, effect: "e1" }, "cancelled", because), []);
    assert.equal((await findAssignment(store.db, id))?.reason, because.text);
  });

  given("offers a vanished assignment again only while its stage is open", async (store) => {
    const { id, call } = await seed(store);
    await settleAssignment(store.db, id, 1, "vanished", because);
    assert.deepEqual(
      (await vanishedAssignments(store.db, site)).map((found) => found.id),
      [id],
    );
    const [open] = await stagesOf(store.db, call, 1);
    assert.ok(open !== undefined);
    await closeStage(store.db, open, { short: false, closedAtMs: 5 });
    assert.deepEqual(await vanishedAssignments(store.db, site), []);
  });

  given("notes a late answer once for each attempt", async (store) => {
    const { id } = await seed(store);
    for (const attempt of [1, 1, 2]) await insertLateAnswer(store.db, site, answer(id, attempt), 5);
    const rows = await store.db.selectFrom("late_answers").selectAll().orderBy("attempt").execute();
    assert.deepEqual(
      rows.map(({ attempt, samples }) => [attempt, samples]),
      [
        [1, 10],
        [2, 10],
      ],
    );
  });

  given("ends a round once, and fails the open rounds of one call", async (store) => {
    const { call } = await seed(store);
    const figures = { base, model: undefined, samples: 10, metrics: { loss: 0.5 }, sites: 1 };
    await failOpenRounds(store.db, { ...call, effect: "e2" }, 7);
    assert.equal((await roundAt(store.db, call, 1))?.status, "open");
    await failOpenRounds(store.db, call, 7);
    await endRound(
      store.db,
      { runId: call.runId, round: 1 },
      { ...figures, status: "completed", endedAtMs: 8 },
    );
    await failOpenRounds(store.db, call, 9);
    const failed = await roundAt(store.db, call, 1);
    assert.deepEqual([failed?.status, failed?.endedAtMs, failed?.samples], ["failed", 7, 0]);
    const second = await insertRound(store.db, { ...call, revision: 1 }, 2, 10);
    await endRound(store.db, second, { ...figures, status: "void", endedAtMs: 11 });
    await endRound(store.db, second, { ...figures, status: "completed", endedAtMs: 12, samples: 99 });
    await failOpenRounds(store.db, call, 13);
    const ended = await roundAt(store.db, call, 2);
    assert.deepEqual(ended, { ...second, ...figures, status: "void", endedAtMs: 11 });
  });

  given(
    "refuses rows that name what is not there, and leaves nothing of their transaction",
    async (store) => {
      const { runId, id } = await seed(store);
      const writing = store.write(async (tx) => {
        await appendEvents(tx.db, [{ runId, type: "assignment.delivered", text: "" }], 1);
        await deliver(tx.db, { ...answer(id, 1), update }, 5);
      });
      await assert.rejects(writing, /FOREIGN KEY|foreign key/);
      assert.deepEqual(await eventsAfter(store.db, runId, 0), []);
      assert.equal((await findAssignment(store.db, id))?.state, "offered");
    },
  );

  given("numbers the versions of a model, and links each to the one before", async (store) => {
    const { runId } = await seed(store);
    for (const round of [0, 1, 2]) {
      await store.write(({ db }) =>
        insertModelVersion(db, {
          model: "m",
          blob: base,
          runId,
          round,
          createdAtMs: 1,
          metrics: {},
          layers: "[]",
          sites: 1,
          base: round === 0 ? undefined : base,
        }),
      );
    }
    const versions = await modelVersions(store.db, { model: "m" });
    assert.deepEqual(
      versions.map(({ version, parent }) => [version, parent]),
      [
        [1, 0],
        [2, 1],
        [3, 2],
      ],
    );
  });

  given("replaces a catalogue as a whole", async (store) => {
    await seed(store);
    const dataset = (title: string) => ({
      name: title,
      columns: [],
      labels: {},
      trainRows: 1,
      testRows: 1,
      target: "y",
      connector: "csv",
    });
    await store.write(({ db }) => saveCatalogue(db, site, [dataset("a"), dataset("b")]));
    await store.write(({ db }) => saveCatalogue(db, site, [dataset("c")]));
    const [found] = await listSites(store.db, site);
    assert.deepEqual(
      found?.datasets.map((one) => one.name),
      ["c"],
    );
  });

  given("keeps what was committed for the next process", async (store, reopen) => {
    const { runId, id } = await seed(store);
    await deliver(store.db, answer(id, 1), 5);
    await store.close();
    const again = await reopen();
    assert.equal((await findRun(again.db, runId))?.state, "running");
    assert.equal(await countRunningRuns(again.db), 1);
    assert.equal((await assignmentsOfRound(again.db, runId, 1))[0]?.state, "delivered");
  });
});
