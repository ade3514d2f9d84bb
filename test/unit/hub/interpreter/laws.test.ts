import assert from "node:assert/strict";
import fc from "fast-check";
import { durationMs } from "#hub/workflow/definition/duration.js";
import { errorType, standardError } from "#hub/workflow/interpreter/errors.js";
import { namePath } from "#hub/workflow/interpreter/refs.js";
import { rowOf, rowsOf, type Table, TableDraft } from "#hub/workflow/interpreter/table.js";
import type { Json } from "#kernel/json.js";
import { DrivenRun } from "#test/support/driven-run.js";

type Task = Readonly<Record<string, Json>>;
type Named = Readonly<Record<string, Task>>;

const call: Task = { call: "work:1.0.0@default", with: { n: "${ .n }" } };
const leaf: fc.Arbitrary<Task> = fc.oneof(
  fc.constant<Task>({ set: { n: "${ (.n // 0) + 1 }" } }),
  fc.constant(call),
  fc.constant<Task>({ wait: { seconds: 1 } }),
  fc.constant<Task>({ raise: { error: { type: "https://example.org/raised", status: 400 } } }),
  fc.constant<Task>({ listen: { to: { any: [{ with: { type: "a" } }] } } }),
  fc.constant<Task>({ emit: { event: { with: { type: "told" } } } }),
  fc.constant<Task>({ ...call, timeout: { after: "PT2S" } }),
  fc.constant<Task>({ set: { n: 1 }, if: ".n == null", then: "exit" }),
);
const catches: fc.Arbitrary<Task> = fc.constantFrom<Task>(
  {},
  { retry: { delay: "PT1S", limit: { attempt: { count: 1 } } } },
  { retry: { limit: { attempt: { count: 2, duration: "PT3S" } } }, do: [{ caught: { set: { n: 0 } } }] },
  { errors: { with: { type: errorType("cancelled") } }, do: [{ undo: call }] },
);
const named = (tasks: readonly Task[]): readonly Named[] => tasks.map((task, at) => ({ [`t${at}`]: task }));
const { task } = fc.letrec<{ task: Task; list: readonly Named[] }>((tie) => ({
  task: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { arbitrary: leaf, weight: 4 },
    { arbitrary: tie("list").map((list) => ({ do: list })), weight: 1 },
    {
      arbitrary: tie("list").map((list) => ({ for: { in: [1, 2] }, do: list })),
      weight: 1,
    },
    {
      arbitrary: fc
        .tuple(tie("list"), fc.boolean())
        .map(([branches, compete]) => ({ fork: { branches, compete } })),
      weight: 2,
    },
    {
      arbitrary: fc.tuple(tie("list"), catches).map(([list, clause]) => ({ try: list, catch: clause })),
      weight: 2,
    },
  ),
  list: fc.array(tie("task"), { minLength: 1, maxLength: 3 }).map(named),
}));

/** What happens next, chosen by a number among what can happen. */
async function happen(run: DrivenRun, what: number, which: number): Promise<void> {
  const effects = [...run.effects.keys()];
  const effect = effects[which % Math.max(1, effects.length)];
  switch (what) {
    case 0:
      if (effect !== undefined) await run.fail(standardError("communication", "Down"), effect);
      return;
    case 1:
      await run.pass(1000);
      return;
    case 2:
      await run.send("a", which);
      return;
    case 3:
      await run.apply({ type: "run.paused", by: "me", reason: "" });
      return;
    case 4:
      await run.apply({ type: "run.cancelled", by: "me", reason: "" });
      return;
    case 5:
      if (run.status === "failed") await run.apply({ type: "run.retried", by: "me" });
      return;
    case 6:
      await run.apply({ type: "effect.completed", effect: "e1", output: "again" });
      run.effects.delete("e1");
      return;
    default:
      await run.apply({ type: "run.resumed", by: "me" });
      if (effect !== undefined && run.effects.has(effect)) await run.complete({ n: which }, effect);
  }
}

function checkState(run: DrivenRun): void {
  const { state } = run;
  assert.ok(state !== undefined);
  const waiting = rowsOf(state.waits).map(([id]) => id);
  for (const [, id] of rowsOf(state.waits)) assert.ok(rowOf(state.frames, id) !== undefined, `${id} is gone`);
  if (state.status === "paused") return;
  const outside = [...run.effects.keys(), ...run.timers.keys(), ...run.listeners.keys()];
  assert.deepEqual([...waiting].sort(), [...outside].sort(), "what the run waits for is what was asked for");
  if (state.status === "running") assert.ok(waiting.length > 0, "the run waits for nothing");
  else assert.deepEqual(waiting, []);
  if (state.status === "completed" || state.status === "cancelled") assert.deepEqual(state.frames, {});
}

describe("the interpreter: laws", () => {
  it("whatever happens to whatever workflow: it waits for what it asked for, ends, and its journal gives its state", async () => {
    const tasks = fc.array(task, { minLength: 1, maxLength: 4 }).map(named);
    const events = fc.array(fc.tuple(fc.integer({ min: 0, max: 14 }), fc.nat(5)), { maxLength: 25 });
    const law = fc.asyncProperty(tasks, events, async (list, happenings) => {
      const run = await DrivenRun.start(JSON.stringify({ do: list }));
      checkState(run);
      for (const [what, which] of happenings) {
        await happen(run, what, which);
        checkState(run);
      }
      for (let turn = 0; turn < 300 && (run.status === "running" || run.status === "paused"); turn += 1) {
        await happen(run, 7, turn);
        if (run.effects.size === 0) await happen(run, 1 + (turn % 2), turn);
        checkState(run);
      }
      assert.ok(["completed", "failed", "cancelled"].includes(run.status ?? ""), `it is still ${run.status}`);
      await run.replay();
    });
    await fc.assert(law, { numRuns: 150 });
  });

  it("a table in parts is a table", () => {
    const ids = fc.integer({ min: 1, max: 300 }).map((n) => `f${n}` as const);
    const change = fc.tuple(ids, fc.option(fc.nat()));
    fc.assert(
      fc.property(fc.array(change), fc.array(change), (first, second) => {
        const plain = new Map<string, number>();
        let table: Table<`f${number}`, number> = {};
        for (const changes of [first, second]) {
          const before = JSON.stringify(table);
          const draft = new TableDraft(table);
          for (const [id, value] of changes) {
            if (value === null) {
              plain.delete(id);
              draft.delete(id);
            } else {
              plain.set(id, value);
              draft.set(id, value);
            }
          }
          assert.equal(JSON.stringify(table), before);
          table = draft.value;
        }
        assert.deepEqual(new Map(rowsOf(table)), plain);
        for (const id of plain.keys()) assert.equal(rowOf(table, id as `f${number}`), plain.get(id));
      }),
    );
  });

  it("durations", () => {
    for (const [value, ms] of [
      ["PT0S", 0],
      ["PT1H2M3.5S", 3_723_500],
      ["P1DT12H", 129_600_000],
      ["P2W", 1_209_600_000],
      [{ days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, 90_061_001],
      [{}, 0],
    ] as const)
      assert.equal(durationMs(value), ms, JSON.stringify(value));
    for (const value of [
      "",
      "P",
      "PT",
      "P1DT",
      "1S",
      "P1Y",
      "P1M",
      "-PT1S",
      "PT1",
      "P999999D",
      { years: 1 },
      { seconds: -1 },
      { seconds: "1" },
      null,
      5,
      [],
    ])
      assert.equal(durationMs(value as Json), undefined, JSON.stringify(value));
  });

  it("the path of names leaves the places out", () => {
    for (const [ref, path] of [
      ["", ""],
      ["/do/0/a", "/do/a"],
      ["/do/1/catch/do/2/do/try/0/5", "/do/catch/do/do/try/5"],
      ["/do/0/a/catch/do/3/b", "/do/a/catch/do/b"],
      ["/do/0/a/fork/branches/3/b/foreach/do/1/c", "/do/a/fork/branches/b/foreach/do/c"],
      ["/use/functions/f/do/1/a", "/use/functions/f/do/a"],
      ["/use/extensions/2/x/before/1/a", "/use/extensions/x/before/a"],
    ] as const)
      assert.equal(namePath(ref), path);
  });
});
