import assert from "node:assert/strict";
import type { Db } from "#hub/store/schema.js";
import { it } from "mocha";
import type { AnswerHeader } from "#hub/assignments/model.js";
import {
  assignmentsOfRound,
  closeAssignments,
  deliverAssignment,
  findAssignment,
  insertAssignments,
  insertLateAnswer,
  reopenAssignment,
  settleAssignment,
  vanishedAssignments,
} from "#hub/store/assignments.js";
import { saveInvitedSite } from "#hub/store/admission.js";
import { recordBlob } from "#hub/store/blobs.js";
import { appendEvents, eventsAfter } from "#hub/store/events.js";
import { insertModelVersion, modelVersions } from "#hub/store/models.js";
import { once } from "#hub/store/operations.js";
import { failOpenRounds, insertRound, lastRound, moveRound } from "#hub/store/rounds.js";
import { countRunningRuns, findRun, insertRun, saveWorkflow } from "#hub/store/runs.js";
import { listSites, saveCatalogue } from "#hub/store/sites.js";
import type { Store } from "#hub/store/store.js";
import type { Tx } from "#hub/store/tx.js";
import { hashBytes } from "#kernel/files.js";
import { assignmentId, newRunId, parseOpId, parseSiteId, type RunId } from "#kernel/ids.js";
import { onEachStore, type OpenStore } from "../support/stores.js";

const site = parseSiteId("acme/a");
const base = { sha256: hashBytes("base"), sizeBytes: 4 };
const update = { sha256: hashBytes("update"), sizeBytes: 6 };
const because = { code: "WORK_FAILED", text: "out of memory" };

/** A run with one collecting round and one offered assignment. */
async function seed(store: Store): Promise<{ runId: RunId; id: ReturnType<typeof assignmentId> }> {
  const runId = newRunId();
  const id = assignmentId(runId, 1, "train", site);
  await store.write(async ({ db }) => {
    await saveInvitedSite(db, site, {}, 1);
    const workflowSha256 = hashBytes("{}");
    await saveWorkflow(db, workflowSha256, "{}", 1);
    const run = {
      id: runId,
      name: "run",
      workflowSha256,
      state: "running",
      startedBy: "ada",
      startedAtMs: 1,
      workflow: "default/run:1.0.0",
      parent: undefined,
    } as const;
    const open = { endedAtMs: undefined, errorCode: undefined, errorText: undefined };
    await insertRun(db, { ...run, ...open }, { input: null });
    await recordBlob(db, base, 1);
    const call = { runId, effect: "e1" as const };
    const times = { startedAtMs: 1, deadlineAtMs: 100, base };
    await insertRound(db, { ...call, position: 1, state: "collecting", ...times });
    await insertAssignments(db, [{ id, ...call, round: 1, kind: "train", site, base, deadlineAtMs: 100 }], 1);
  });
  return { runId, id };
}

const answer = (id: AnswerHeader["assignmentId"], attempt: number): AnswerHeader => ({
  opId: parseOpId(`op-${attempt}`),
  assignmentId: id,
  attempt,
  baseSha256: base.sha256,
  samples: 10,
  metrics: { loss: 0.5 },
  update: undefined,
  tensors: [],
  offset: 0,
});

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
        write: (_db: unknown, items: readonly string[]) => {
          written.push([...items]);
          return Promise.resolve(() => undefined);
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

  given("lets no one item that the database refuses hold up what others gather with it", async (store) => {
    const gatherer = {
      write: async (db: Db, items: readonly { opId: string; told: string[] }[]) => {
        const row = { actor: "a", method: "m", content_sha256: "", reply: "", at_ms: 1 };
        await db
          .insertInto("operations")
          .values(items.map(({ opId }) => ({ ...row, op_id: opId })))
          .execute();
        return () => items.forEach(({ opId, told }) => told.push(opId));
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
    assert.equal(await deliverAssignment(store.db, answer(id, 1), base.sha256, 5), false, "an old attempt");
    assert.equal(await deliverAssignment(store.db, answer(id, 3), base.sha256, 5), false, "no such attempt");
    assert.equal((await findAssignment(store.db, id))?.state, "offered");
    assert.equal(await deliverAssignment(store.db, answer(id, 2), base.sha256, 5), true);
    assert.equal(await deliverAssignment(store.db, answer(id, 2), base.sha256, 6), false, "twice");
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
    assert.equal(await deliverAssignment(store.db, answer(id, 1), base.sha256, 5), false);
    assert.equal(await reopenAssignment(store.db, id, 1, ["vanished"]), false);
    assert.equal(await reopenAssignment(store.db, id, 1, ["offered", "accepted"]), false);
    assert.deepEqual(await closeAssignments(store.db, { runId, effect: "e1" }, "cancelled", because), []);
    assert.equal((await findAssignment(store.db, id))?.reason, because.text);
  });

  given("offers a vanished assignment again only while its round collects", async (store) => {
    const { id, runId } = await seed(store);
    await settleAssignment(store.db, id, 1, "vanished", because);
    assert.deepEqual(
      (await vanishedAssignments(store.db, site)).map((found) => found.id),
      [id],
    );
    await moveRound(store.db, runId, 1, "collecting", { state: "aggregating" });
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

  given("moves a round once from each state, and fails the open rounds of one call", async (store) => {
    const { runId } = await seed(store);
    assert.equal(await moveRound(store.db, runId, 1, "collecting", { state: "aggregating" }), true);
    assert.equal(await moveRound(store.db, runId, 1, "collecting", { state: "aggregating" }), false);
    const call = { runId, effect: "e1" } as const;
    const error = { code: "QUORUM_LOST", text: "Nobody is left." };
    await failOpenRounds(store.db, { runId, effect: "e2" }, error, 7);
    assert.equal((await lastRound(store.db, call))?.state, "aggregating");
    await failOpenRounds(store.db, call, error, 7);
    const failed = await lastRound(store.db, call);
    assert.deepEqual([failed?.state, failed?.endedAtMs, failed?.error], ["failed", 7, error]);
  });

  given(
    "refuses rows that name what is not there, and leaves nothing of their transaction",
    async (store) => {
      const { runId, id } = await seed(store);
      const writing = store.write(async (tx) => {
        await appendEvents(tx.db, [{ runId, type: "assignment.delivered", text: "" }], 1);
        await deliverAssignment(tx.db, { ...answer(id, 1), update }, base.sha256, 5);
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
    await deliverAssignment(store.db, answer(id, 1), base.sha256, 5);
    await store.close();
    const again = await reopen();
    assert.equal((await findRun(again.db, runId))?.state, "running");
    assert.equal(await countRunningRuns(again.db), 1);
    assert.equal((await assignmentsOfRound(again.db, runId, 1))[0]?.state, "delivered");
  });
});
