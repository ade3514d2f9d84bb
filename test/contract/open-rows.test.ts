import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type CompiledQuery, sql } from "kysely";
import { describe, it } from "mocha";
import {
  assignmentsOfStage,
  closeAssignments,
  openAssignments,
  routingHistory,
  vanishedAssignments,
} from "#hub/store/assignments.js";
import { secondsOf } from "#hub/store/calls.js";
import { foldsOf } from "#hub/store/folds.js";
import { failOpenRounds, nextRound, roundAt } from "#hub/store/rounds.js";
import type { Db } from "#hub/store/schema.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { endStages, inputsOfSite, stagesOf } from "#hub/store/stages.js";
import { parseSiteId, type RunId } from "#kernel/ids.js";
import type { CallRef } from "#kernel/refs.js";
import { root } from "#test/support/pages.js";
import { temporaryFolders } from "../support/folders.js";

const call: CallRef = { runId: "run" as RunId, effect: "e1" };
const site = parseSiteId("acme/berlin");
const error = { code: "RUN_CANCELLED", text: "It is not wanted." };

/** What the hub asks while a call goes on, and how SQLite is to find it. */
const questions: Readonly<Record<string, readonly [ask: (db: Db) => Promise<unknown>, plan: RegExp]>> = {
  "what is open": [(db) => openAssignments(db), /^SCAN assignments USING INDEX assignments_open$/],
  "what is open at a site": [
    (db) => openAssignments(db, site),
    /^SEARCH assignments USING INDEX assignments_open \(site=\?\)$/,
  ],
  "what a site has vanished from": [
    (db) => vanishedAssignments(db, site),
    /^SCAN stages USING INDEX stages_open\nSEARCH assignments USING INDEX assignments_stage .*AND site=\?\)$/,
  ],
  "what a site may fetch": [
    (db) => inputsOfSite(db, site),
    /^SEARCH assignments USING INDEX assignments_open \(site=\?\)\nSEARCH stages .*AND stage=\?\)$/,
  ],
  "the open assignments of a call": [
    (db) => closeAssignments(db, call, "cancelled", error),
    /^SEARCH assignments USING INDEX assignments_of_call \(run_id=\? AND effect=\?\)$/,
  ],
  "the open stages of a call": [
    (db) => endStages(db, call, "failed", 1),
    /^SEARCH stages USING INDEX stages_open \(run_id=\? AND effect=\?\)$/,
  ],
  "the open round of a call": [
    (db) => failOpenRounds(db, call, 1),
    /^SEARCH rounds USING INDEX rounds_open \(run_id=\? AND effect=\?\)$/,
  ],
  "the stages of a round": [(db) => stagesOf(db, call, 7), /^SEARCH stages .*AND position=\?\)$/],
  "the assignments of a stage": [
    (db) => assignmentsOfStage(db, { ...call, position: 7, stage: "train" }),
    /^SEARCH assignments USING INDEX assignments_stage .*AND stage=\?\)$/,
  ],
  "the folds of a round": [(db) => foldsOf(db, call, 7), /^SEARCH folds .*AND position=\?\)$/],
  "a round": [(db) => roundAt(db, call, 7), /^SEARCH rounds .*AND position=\?\)$/],
  "the next round": [(db) => nextRound(db, call.runId), /^SEARCH rounds USING COVERING INDEX/],
  "the first round": [(db) => secondsOf(db, call, 1), /^SEARCH rounds USING INDEX rounds_call/],
  "whom a run has asked": [
    (db) => routingHistory(db, call.runId, "train"),
    /^SEARCH asked_sites .*\(run_id=\? AND kind=\?\)$/,
  ],
};

describe("what a hub looks for in SQLite while a call goes on", () => {
  const folder = temporaryFolders();

  for (const [what, [ask, plan]] of Object.entries(questions)) {
    it(`finds ${what} without walking over what is done`, async () => {
      const { db } = await openSqlite(join(await folder(), "hub.db"));
      const asked: CompiledQuery[] = [];
      const listening = {
        getExecutor: () => db.getExecutor(),
        executeQuery: (query: CompiledQuery) => {
          asked.push(query);
          return db.executeQuery(query);
        },
      };
      await ask(listening as unknown as Db);
      assert.equal(asked.length, 1, "one statement, written once");
      const text = asked[0]?.sql.replaceAll("?", "null") ?? "";
      const { rows } = await sql.raw<{ detail: string }>(`explain query plan ${text}`).execute(db);
      const steps = rows.map(({ detail }) => detail).filter((step) => !step.startsWith("USE TEMP"));
      assert.match(steps.join("\n"), plan);
      await db.destroy();
    });
  }

  it("has counted whom the runs of an older hub have asked", async () => {
    const path = join(await folder(), "hub.db");
    await writeFile(path, gunzipSync(await readFile(`${root}test/data/hub-0003/hub.db.gz`)));
    const { db } = await openSqlite(path);
    const counted = await db
      .selectFrom("assignments")
      .select((eb) => [
        "run_id",
        "kind",
        "site",
        eb.fn.countAll<number>().as("times"),
        eb.fn.max("round").as("last_round"),
      ])
      .groupBy(["run_id", "kind", "site"])
      .orderBy("run_id")
      .orderBy("kind")
      .orderBy("site")
      .execute();
    assert.ok(counted.length > 20);
    const kept = db.selectFrom("asked_sites").selectAll();
    assert.deepEqual(await kept.orderBy("run_id").orderBy("kind").orderBy("site").execute(), counted);
    await db.destroy();
  });
});
