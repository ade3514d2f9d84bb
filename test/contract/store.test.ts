import assert from "node:assert/strict";
import { open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Database } from "#kernel/sqlite.js";
import { sql } from "kysely";
import { describe, it } from "mocha";
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
import { failOpenRounds, insertRound, standing, moveRound } from "#hub/store/rounds.js";
import { endRun, findRun, insertRun, runningRuns, saveWorkflow } from "#hub/store/runs.js";
import { listSites, saveCatalogue } from "#hub/store/sites.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { Store, type Tx } from "#hub/store/store.js";
import { hashBytes } from "#kernel/files.js";
import { assignmentId, newRunId, parseOpId, parseSiteId, type RunId } from "#kernel/ids.js";
import { temporaryFolders } from "../support/folders.js";

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
    } as const;
    const open = { endedAtMs: undefined, errorCode: undefined, errorText: undefined };
    await insertRun(db, { ...run, ...open }, [{ ref: "/do/0/train", call: "fed.train" }]);
    await recordBlob(db, base, 1);
    await insertRound(db, { runId, round: 1, startedAtMs: 1, deadlineAtMs: 100, base });
    await insertAssignments(db, [{ id, runId, round: 1, kind: "train", site, base, deadlineAtMs: 100 }], 1);
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
export function storeContract(
  name: string,
  make: () => Promise<{ store: Store; reopen: () => Promise<Store>; end: () => Promise<void> }>,
): void {
  describe(`store: ${name}`, () => {
    const given = (what: string, test: (store: Store, reopen: () => Promise<Store>) => Promise<void>) =>
      it(what, async () => {
        const { store, reopen, end } = await make();
        try {
          await test(store, reopen);
        } finally {
          await end();
        }
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
        await appendEvents(
          tx.db,
          runId,
          [{ runId, type: "round.started", text: String(newest?.seq ?? 0) }],
          1,
        );
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
      assert.equal(
        await deliverAssignment(store.db, answer(id, 3), base.sha256, 5),
        false,
        "no such attempt",
      );
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
      assert.deepEqual(await closeAssignments(store.db, runId, "cancelled", because), []);
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

    given("moves a round once from each state, and ends a run once", async (store) => {
      const { runId } = await seed(store);
      assert.equal(await moveRound(store.db, runId, 1, "collecting", { state: "aggregating" }), true);
      assert.equal(await moveRound(store.db, runId, 1, "collecting", { state: "aggregating" }), false);
      await failOpenRounds(store.db, runId, 7);
      assert.deepEqual([(await standing(store.db, runId)).round?.state], ["failed"]);
      assert.equal(await endRun(store.db, runId, { state: "completed" }, 8), true);
      assert.equal(await endRun(store.db, runId, { state: "failed", errorCode: "X" }, 9), false);
      const run = await findRun(store.db, runId);
      assert.deepEqual([run?.state, run?.endedAtMs, run?.errorCode], ["completed", 8, undefined]);
      assert.deepEqual(await runningRuns(store.db), []);
    });

    given(
      "refuses rows that name what is not there, and leaves nothing of their transaction",
      async (store) => {
        const { runId, id } = await seed(store);
        const writing = store.write(async (tx) => {
          await appendEvents(tx.db, runId, [{ runId, type: "assignment.delivered", text: "" }], 1);
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
      assert.deepEqual(
        (await runningRuns(again.db)).map((run) => run.id),
        [runId],
      );
      assert.equal((await assignmentsOfRound(again.db, runId, 1))[0]?.state, "delivered");
    });
  });
}

describe("contract", () => {
  const folder = temporaryFolders();
  const openAt = async (path: string) => new Store(await openSqlite(path));

  storeContract("SQLite", async () => {
    const path = join(await folder(), "hub.db");
    const stores = [await openAt(path)];
    const [store] = stores;
    assert(store !== undefined);
    const reopen = async () => {
      const again = await openAt(path);
      stores.push(again);
      return again;
    };
    const end = async () => {
      for (const each of stores) await each.close();
    };
    return { store, reopen, end };
  });

  describe("SQLite itself", () => {
    it("syncs every commit in full, also a file that was there before", async () => {
      const path = join(await folder(), "hub.db");
      for (let round = 0; round < 2; round++) {
        const store = await openAt(path);
        const ask = async (what: string) =>
          Object.values(
            (await sql.raw<Record<string, unknown>>(`pragma ${what}`).execute(store.db)).rows[0] ?? {},
          )[0];
        assert.deepEqual(
          [
            await ask("synchronous"),
            await ask("journal_mode"),
            await ask("foreign_keys"),
            await ask("locking_mode"),
          ],
          [2, "wal", 1, "exclusive"],
        );
        await store.close();
      }
    });

    it("refuses a second hub on the same file, and lets it in when the first has gone", async () => {
      const path = join(await folder(), "hub.db");
      const first = await openAt(path);
      await assert.rejects(openSqlite(path), { code: "STORE_BUSY", message: /Another hub is using/ });
      await seed(first);
      await first.close();
      await (await openAt(path)).close();
    });

    it("refuses a damaged file, and leaves it as it is", async () => {
      const path = join(await folder(), "hub.db");
      const store = await openAt(path);
      await seed(store);
      await store.close();
      const { size } = await stat(path);
      const file = await open(path, "r+");
      await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, size - 8192);
      await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, 4096);
      await file.close();
      const before = await readFile(path);
      await assert.rejects(openSqlite(path), { code: "STORE_DAMAGED" });
      assert.deepEqual(await readFile(path), before);
    });

    it("refuses what is no database, a folder, and the schema of a newer hub", async () => {
      const path = join(await folder(), "hub.db");
      await writeFile(path, "this is no database, but a text of some length ".repeat(100));
      await assert.rejects(openSqlite(path), { code: "STORE_DAMAGED" });
      await assert.rejects(openSqlite(await folder()), { code: "STORE_DAMAGED" });
      const newer = join(await folder(), "hub.db");
      await (await openAt(newer)).close();
      const database = new Database(newer);
      database
        .prepare(
          "insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01T00:00:00.000Z')",
        )
        .run();
      database.close();
      await assert.rejects(openSqlite(newer), {
        code: "STORE_DAMAGED",
        message: /cannot be brought up to date/,
      });
      // Nothing holds the file after a refusal.
      new Database(newer).close();
    });
  });
});
