import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { openSqlite } from "#hub/store/sqlite.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { newWorld, TestEngine, workflowOf } from "../../../support/engines.js";
import { type Death, MortalDatabase } from "../../../support/mortal.js";

const call = (name: string, indent = "  ", argument = `{ name: ${name}, n: 1 }`) =>
  `${indent}- ${name}: { call: "test.echo:1.0.0@default", with: ${argument} }\n`;

/** Effects, timers, a fork, a retry, a loop, a child run and an event, one after the other. */
const sample = workflowOf(
  `${call("first")}  - rest: { wait: { milliseconds: 5 } }
  - both:
      fork:
        branches:
${call("left", "          ")}${call("right", "          ")}  - flaky:
      try:
        - often: { call: "test.flaky:1.0.0@default", with: { name: flaky, times: 2 } }
      catch:
        retry: { delay: { milliseconds: 3 }, limit: { attempt: { count: 5 } } }
  - loop:
      for: { in: "\${ [1, 2, 3] }" }
      do:
${call("each", "        ", '{ item: "${ $item }" }')}  - tell: { emit: { event: { with: { id: e-1, source: https://a.example, type: a.told } } } }
  - child:
      run: { workflow: { namespace: default, name: child, version: "1.0.0", input: { n: 20 } } }
${call("last", "  ", '{ child: "${ .n }" }')}`,
);
const child = workflowOf(
  `${call("inner", "  ", '{ n: "${ .n + 1 }" }')}  - pause: { wait: { milliseconds: 2 } }\n${call("again", "  ", '{ n: "${ .n * 2 }" }')}`,
  { name: "child" },
);

interface Ended {
  readonly output: Json;
  readonly commits: number;
  /** What the journals say: each run's events, with the calls that ended. */
  readonly completed: readonly string[];
  readonly done: readonly string[];
  readonly published: number;
  readonly died: boolean;
}

describe("an engine that is killed", () => {
  const expressions = new JqExpressions();
  after(() => expressions.close());

  /** Runs the sample on a database whose first engine dies, and on with a second one. */
  async function run(death?: Death): Promise<Ended> {
    const { db } = await openSqlite(":memory:");
    const world = newWorld({ expressions });
    let runId: RunId | undefined;
    let commits = 0;
    let died = false;
    try {
      for (const end of death === undefined ? [undefined] : [death, undefined]) {
        const mortal = new MortalDatabase(db, end);
        const hub = TestEngine.over(mortal.database, world);
        const { engine } = hub;
        try {
          await engine.resume();
          await engine.library.publish({ text: child, publishedBy: "ada" });
          // A caller whose call was cut off makes it again.
          ({ id: runId } = await hub.start(sample, { key: "once" }));
          await Promise.race([hub.until(runId), mortal.died]);
        } catch (error) {
          if (!mortal.dead) throw error;
        }
        commits = mortal.commits;
        died ||= mortal.dead;
        await engine.stop().catch(() => undefined);
        if (end === undefined) await hub.verifyAll();
      }
      const last = TestEngine.over(new MortalDatabase(db).database, world);
      assert.ok(runId !== undefined);
      const output = await last.output(runId);
      const rows = await db.selectFrom("transitions").selectAll().orderBy("run_id").orderBy("seq").execute();
      const completed = rows.flatMap(
        ({ event }) => /"effect\.completed","effect":"(e\d+)"/.exec(event)?.[1] ?? [],
      );
      for (const table of ["effects", "timers", "listeners", "inbox"] as const) {
        assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [], table);
      }
      const done = [...world.outside.done.values()].map((one) => JSON.stringify(one)).toSorted();
      return { output, commits, completed, done, published: world.published.length, died };
    } finally {
      await db.destroy();
    }
  }

  it("ends with the same output, whatever commit it died at, and has journalled each effect once", async function () {
    this.timeout(120_000);
    const whole = await run();
    assert.deepEqual(whole.output, { child: 42 });
    assert.equal(whole.published, 1);
    let deaths = 0;
    for (let commit = 1; commit <= whole.commits; commit++) {
      for (const side of ["before", "after"] as const) {
        const where = `killed ${side} commit ${commit} of ${whole.commits}`;
        const killed = await run({ commit, side }).catch((error: unknown) => {
          throw new Error(where, { cause: error });
        });
        assert.deepEqual(killed.output, whole.output, where);
        assert.deepEqual(killed.completed.toSorted(), whole.completed.toSorted(), where);
        assert.deepEqual(killed.done, whole.done, where);
        assert.ok(killed.published >= 1, where);
        if (killed.died) deaths++;
      }
    }
    // How events share commits differs a little from run to run: the last commits may not be reached.
    assert.ok(deaths > whole.commits, `${deaths} deaths in ${whole.commits} commits`);
  });
});
