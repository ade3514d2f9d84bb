import assert from "node:assert/strict";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import type { FrameId } from "#hub/workflow/interpreter/model.js";
import type { Json } from "#kernel/json.js";
import type { EffectId } from "#kernel/refs.js";
import { DrivenRun } from "#test/support/driven-run.js";

let run: DrivenRun;
const down = standardError("communication", "Down", { status: 503 });
const start = async (text: string): Promise<DrivenRun> => (run = await DrivenRun.start(text));
const cancel = (): Promise<void> => run.apply({ type: "run.cancelled", by: "me", reason: "" });
const retry = (ref?: string): Promise<void> => {
  const from = ref === undefined ? {} : { from: { ref, input: {} as Json, context: {} as Json } };
  return run.apply({ type: "run.retried", by: "me", ...from });
};
/** Each open call with the one that it goes on from. */
const open = (): readonly (readonly [EffectId, EffectId | undefined])[] =>
  [...run.effects.values()].map(({ effect, resumes }) => [effect, resumes]);
const call = (name: string, more = ""): string => `{ ${name}: { call: '${name}:1.0.0@default'${more} } }`;

describe("the interpreter: the call that a retry goes on from", () => {
  afterEach(() => run.replay());

  it("is the one that has failed, over several retries the last one; a call after it has none", async () => {
    await start(`do: [ ${call("a")}, ${call("b")} ]`);
    assert.deepEqual(open(), [["e1", undefined]]);
    await run.fail(down);
    await retry();
    assert.deepEqual(open(), [["e2", "e1"]]);
    await run.fail(down);
    await retry();
    assert.deepEqual(open(), [["e3", "e2"]]);
    await run.complete({});
    assert.deepEqual(open(), [["e4", undefined]]);
  });

  it("is kept when the retry comes to no call", async () => {
    await start(`do: [ ${call("a", ", with: { n: '${ .n }' }, input: { from: '${ .x }' }")} ]`);
    await run.fail(down);
    const { program } = run;
    run.program = (await DrivenRun.start(`do: [ ${call("a", ", with: { n: '${ 1 + \"x\" }' }")} ]`)).program;
    await retry();
    assert.equal(run.status, "failed");
    run.program = program;
    await retry();
    assert.deepEqual(open(), [["e2", "e1"]]);
  });

  it("is the one that the failure of another branch, or its own time, has ended", async () => {
    await start(
      `do: [ { both: { fork: { branches: [ ${call("a")}, ${call("b", ", timeout: { after: PT1S }")} ] } } } ]`,
    );
    await run.fail(down, "e1");
    await retry();
    assert.deepEqual(open(), [
      ["e3", "e1"],
      ["e4", "e2"],
    ]);
    await run.pass(1000);
    assert.equal(run.status, "failed");
    await retry();
    assert.deepEqual(open().toSorted(), [
      ["e5", "e4"],
      ["e6", "e3"],
    ]);
  });

  it("is none for a call that was complete, and for an attempt that the workflow itself makes", async () => {
    await start(`do: [ ${call("a", ", output: { as: '${ .n + 1 }' }")} ]`);
    await run.complete({ n: "x" });
    assert.equal(run.status, "failed");
    await retry();
    assert.deepEqual(open(), [["e2", undefined]]);
    await start(
      `do: [ { t: { try: [ ${call("a")} ], catch: { retry: { limit: { attempt: { count: 1 } } } } } } ]`,
    );
    await run.fail(down);
    assert.deepEqual(open(), [["e2", undefined]]);
    await run.fail(down);
    await retry();
    assert.deepEqual(open(), [["e3", "e2"]]);
  });

  it("is known from that task too, of a run that has failed or was cancelled; not from one before it", async () => {
    await start(`do: [ ${call("a")}, { b: { do: [ ${call("c")} ] } } ]`);
    await run.complete({});
    await run.fail(down);
    await retry("/do/1/b/do/0/c");
    assert.deepEqual(open(), [["e3", "e2"]]);
    await cancel();
    await retry("/do/1/b/do/0/c");
    assert.deepEqual(open(), [["e4", "e3"]]);
    await cancel();
    await retry("/do/0/a");
    assert.deepEqual(open(), [["e5", undefined]]);
    await run.complete({});
    assert.deepEqual(open(), [["e6", undefined]]);
  });

  it("is the one of before the cancellation, whatever compensates, and that of a held failure", async () => {
    const undo = `{ errors: { with: { type: https://serverlessworkflow.io/spec/1.0.0/errors/cancelled } }, do: [ ${call("undo")} ] }`;
    await start(`do: [ { t: { try: [ ${call("a")} ], catch: ${undo} } } ]`);
    await run.apply({ type: "run.paused", by: "me", reason: "" });
    await run.fail(down);
    await cancel();
    assert.deepEqual(open(), [["e2", undefined]]);
    await cancel();
    assert.equal(run.status, "cancelled");
    await retry("/do/0/t/try/0/a");
    assert.deepEqual(open(), [["e3", "e1"]]);
  });

  it("is not kept by transitions of format 1; those after them keep what comes", async () => {
    run = new DrivenRun(`do: [ ${call("a")} ]`);
    run.format = 1;
    await run.begin({});
    await run.fail(down);
    assert.deepEqual(run.state?.frames["0"]?.["f2" as FrameId], { ref: "/do/0/a", parent: "f1" });
    await retry();
    assert.deepEqual(open(), [["e2", undefined]]);
    run.format = 2;
    await run.fail(down);
    await retry();
    assert.deepEqual(open(), [["e3", "e2"]]);
    await cancel();
    assert.deepEqual(run.state.unfinished, { "/do/a": "e3" });
  });
});
