import assert from "node:assert/strict";
import { CompiledQuery } from "kysely";
import { it } from "mocha";
import type { AssignmentState } from "#hub/assignments/model.js";
import { assignmentIdOf } from "#hub/assignments/model.js";
import { freeSites, taken } from "#hub/federated/collect/taken.js";
import { assignmentsOfStage, insertAssignments } from "#hub/store/assignments.js";
import type { Db } from "#hub/store/schema.js";
import type { Store } from "#hub/store/store.js";
import { arrivalsAfter, lastOfSites, newsOfStream } from "#hub/store/streams.js";
import { parseSiteId, type SiteId } from "#kernel/ids.js";
import { insertNewRun } from "../support/rows.js";
import { newAssignment, stageOf } from "../support/stages.js";
import { onEachStore } from "../support/stores.js";

const names = Array.from({ length: 10 }, (_, at) => parseSiteId(`acme/s${at}`));
const stranger = parseSiteId("acme/stranger");

/** How SQLite finds the rows of what is read. */
async function plansOf({ db }: Store, read: (db: Db) => Promise<void>): Promise<readonly string[]> {
  const seen: CompiledQuery[] = [];
  const watched = new Proxy(db, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const act = value.bind(target) as (...given: unknown[]) => unknown;
      if (name !== "executeQuery") return act;
      return (query: CompiledQuery) => {
        seen.push(query);
        return act(query);
      };
    },
  });
  await read(watched);
  const plans: string[] = [];
  for (const { sql, parameters } of seen) {
    const query = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(query);
    plans.push(...rows.map(({ detail }) => detail));
  }
  return plans;
}

onEachStore("the rows of a stream", (newPlace) => {
  /** A stream in which sites have taken turns; its last turns have not been answered. */
  const seed = async (store: Store, answered: number) => {
    const call = { runId: await insertNewRun(store, ...names, stranger), effect: "e1" } as const;
    const stage = stageOf(call, { position: 0, stage: "updates", concurrency: names.length });
    const turn = (number: number) => {
      const site = names[number % names.length] as SiteId;
      return newAssignment(stage, site, {
        id: assignmentIdOf(stage, site, number),
        issued: Math.floor(number / names.length),
      });
    };
    const turns = Array.from({ length: answered + names.length }, (_, number) => turn(number));
    await store.write(({ db }) => insertAssignments(db, turns, 1));
    await store.write(async ({ db }) => {
      for (const [at, { id }] of turns.slice(0, answered).entries())
        await db
          .updateTable("assignments")
          .set({ state: "delivered", arrival: at + 1, metrics: "{}", samples: 1 })
          .where("assignment_id", "=", id)
          .execute();
    });
    const settle = (number: number, state: AssignmentState) =>
      store.db
        .updateTable("assignments")
        .set({ state, reason: `it is ${state}` })
        .where("assignment_id", "=", turn(number).id)
        .execute();
    return { call, stage, turn, settle };
  };

  it("are read from the cursor on, with what is not answered: the same however long the stream is", async () => {
    const store = await (await newPlace())();
    const short = await seed(store, 20);
    const long = await seed(store, 1_000);
    for (const [{ stage }, after] of [
      [short, 15],
      [long, 995],
    ] as const) {
      const rows = await newsOfStream(store.db, stage, after);
      assert.equal(rows.length, 5 + names.length);
      assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
      assert.equal((await lastOfSites(store.db, stage, names)).length, names.length);
      const first = await arrivalsAfter(store.db, stage, 5, 3);
      assert.deepEqual(
        first.map(({ arrival }) => arrival),
        [6, 7, 8],
      );
    }
  });

  it("give what all rows of the stream would give: what is taken, and who is free", async () => {
    const store = await (await newPlace())();
    const { stage, settle } = await seed(store, 57);
    const states: readonly (readonly [number, AssignmentState])[] = [
      [57, "accepted"],
      [58, "late"],
      [59, "refused"],
      [60, "vanished"],
      [61, "failed"],
      [62, "late"],
    ];
    for (const [number, state] of states) await settle(number, state);
    const op = { name: "taken", stream: "updates", after: 41, count: 4, maxStale: 2 };
    const all = await assignmentsOfStage(store.db, stage);
    const some = await newsOfStream(store.db, stage, op.after);
    assert.ok(some.length < all.length / 2);
    for (const position of [3, 6, 7])
      assert.deepEqual(
        taken(stage, some, op, position),
        taken(stage, all, op, position),
        `round ${position}`,
      );
    const fitting = [...names, stranger];
    const turns = await lastOfSites(store.db, stage, fitting);
    const free = freeSites(fitting, [...some, ...turns]);
    assert.deepEqual(free, freeSites(fitting, all));
    assert.deepEqual(free, [stranger, names[8], names[2]], "those who were late may be asked again");
  });

  it("tell the last turn of each site that was ever asked, and of nobody else", async () => {
    const store = await (await newPlace())();
    const { stage, turn } = await seed(store, 35);
    const last = await lastOfSites(store.db, stage, [...names, stranger]);
    assert.deepEqual(
      last.map(({ id }) => id as string).toSorted(),
      Array.from({ length: 10 }, (_, at) => turn(35 + at).id as string).toSorted(),
    );
    assert.deepEqual(await lastOfSites(store.db, stage, []), []);
    assert.deepEqual(await lastOfSites(store.db, { ...stage, stage: "other" }, names), []);
  });

  it("are found by indexes alone, so that the database reads no more of them either", async function () {
    const store = await (await newPlace())();
    // PostgreSQL reads a small table as it lies, whatever indexes there are.
    if (store.dialect !== "sqlite") return this.skip();
    const { stage } = await seed(store, 40);
    const plans = await plansOf(store, async (db) => {
      await newsOfStream(db, stage, 30);
      await arrivalsAfter(db, stage, 30, 5);
      await lastOfSites(db, stage, names);
    });
    const text = plans.join("\n");
    for (const index of ["arrival", "not_done", "turn"])
      assert.match(text, new RegExp(`SEARCH \\w+ USING INDEX assignments_${index} `), text);
    assert.doesNotMatch(text, /SCAN assignments|SCAN a\b|INDEX assignments_stage/, text);
  });
});
