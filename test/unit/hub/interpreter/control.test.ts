import assert from "node:assert/strict";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import { compile } from "#hub/workflow/interpreter/program.js";
import type { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import { DrivenRun, workflowOf } from "#test/support/driven-run.js";

let run: DrivenRun;
const start = async (...args: Parameters<typeof DrivenRun.start>): Promise<DrivenRun> =>
  (run = await DrivenRun.start(...args));
const down = standardError("communication", "Down", { status: 503 });
const cancel = (): Promise<void> =>
  run.apply({ type: "run.cancelled", by: "me", reason: "no longer needed" });
const retry = (from?: { ref: string; input: Json; context: Json }): Promise<void> =>
  run.apply({ type: "run.retried", by: "me", ...(from === undefined ? {} : { from }) });
const cancelledType = "https://serverlessworkflow.io/spec/1.0.0/errors/cancelled";
const undo = (name: string): string =>
  `{ errors: { with: { type: ${cancelledType} } }, do: [ { ${name}: { call: 'undo:1.0.0@default', with: { name: ${name}, why: '\${ $error.detail }' } } } ] }`;

describe("the interpreter: pause", () => {
  afterEach(() => run.replay());

  it("keeps results and timers until it is resumed, and starts nothing", async () => {
    await start(`
      do:
        - both:
            fork:
              branches:
                - work: { do: [ { ask: { call: 'a:1.0.0@default' } }, { then: { call: 'b:1.0.0@default' } } ] }
                - rest: { do: [ { nap: { wait: PT1S } }, { after: { set: { rested: true } } } ] }`);
    await run.apply({ type: "run.paused", by: "me", reason: "lunch" });
    assert.equal(run.status, "paused");
    const before = run.news.length;
    await run.complete("a's", "e1");
    await run.pass(1000);
    assert.equal(run.news.length, before);
    assert.equal(run.effects.size, 0);
    await run.apply({ type: "run.continued" });
    assert.equal(run.news.length, before);
    await run.apply({ type: "run.resumed", by: "me" });
    assert.equal(run.call.call, "b:1.0.0@default");
    await run.complete("b's");
    assert.deepEqual(run.output, ["b's", { rested: true }]);
  });

  it("of a held timeout and a held result, what came first decides", async () => {
    await start("do: [ { ask: { call: 'a:1.0.0@default', timeout: { after: PT1S } } } ]");
    await run.apply({ type: "run.paused", by: "me", reason: "" });
    await run.complete("in time");
    await run.pass(1000);
    await run.apply({ type: "run.resumed", by: "me" });
    assert.deepEqual([run.status, run.output], ["completed", "in time"]);
  });

  it("a budget that was spent when the pause came goes on afterwards", async () => {
    run = new DrivenRun(
      "do: [ { loop: { for: { in: '${ [range(150)] }' }, do: [ { a: { set: { n: '${ $item }' } } } ] } } ]",
    );
    run.continues = false;
    await run.begin({});
    await run.apply({ type: "run.paused", by: "me", reason: "" });
    await run.apply({ type: "run.continued" });
    assert.equal(run.status, "paused");
    run.continues = true;
    await run.apply({ type: "run.resumed", by: "me" });
    assert.deepEqual(run.output, { n: 149 });
  });
});

describe("the interpreter: cancel", () => {
  afterEach(() => run.replay());

  it("ends all that is under way, innermost first", async () => {
    await start(`
      do:
        - outer: { do: [ { both: { fork: { branches: [ { a: { call: 'a:1.0.0@default' } }, { b: { wait: PT1H } } ] } } } ] }
        - never: { set: { a: 1 } }`);
    await cancel();
    assert.equal(run.status, "cancelled");
    assert.deepEqual(run.error, {
      ...standardError("cancelled", "The run was cancelled"),
      detail: "no longer needed",
    });
    assert.deepEqual(run.cancelled, ["e1"]);
    assert.equal(run.timers.size, 0);
    assert.deepEqual(run.names("cancelled"), ["b", "a", "both", "outer"]);
  });

  it("compensates in the catches that name the type, from the inside out", async () => {
    await start(`
      do:
        - one:
            try:
              - two:
                  try: [ { bare: { try: [ { work: { call: 'a:1.0.0@default' } } ], catch: { do: [ { no: { set: { a: 1 } } } ] } } } ]
                  catch: ${undo("undoTwo")}
            catch: ${undo("undoOne")}
        - never: { set: { a: 1 } }`);
    await cancel();
    assert.equal(run.status, "running");
    assert.deepEqual(run.call.argument, { name: "undoTwo", why: "no longer needed" });
    await run.complete(null);
    assert.deepEqual(run.call.argument, { name: "undoOne", why: "no longer needed" });
    await run.complete(null);
    assert.equal(run.status, "cancelled");
    assert.deepEqual(run.names("cancelled"), ["work", "bare", "two", "one"]);
  });

  it("all branches compensate, and a compensation that fails stops no other", async () => {
    await start(`
      do:
        - whole:
            try:
              - both:
                  fork:
                    branches:
                      - a: { try: [ { workA: { call: 'a:1.0.0@default' } } ], catch: ${undo("undoA")} }
                      - b: { try: [ { workB: { call: 'b:1.0.0@default' } } ], catch: ${undo("undoB")} }
            catch: ${undo("undoWhole")}`);
    await cancel();
    const [first, second] = [...run.effects.keys()];
    assert.equal(run.effects.size, 2);
    await run.fail(down, first);
    assert.equal(run.effects.size, 1);
    await run.complete(null, second);
    assert.deepEqual((run.call.argument as { name: string }).name, "undoWhole");
    await run.complete(null);
    assert.equal(run.status, "cancelled");
  });

  it("the second time all ends at once", async () => {
    await start(`do: [ { a: { try: [ { work: { call: 'a:1.0.0@default' } } ], catch: ${undo("undoA")} } } ]`);
    await cancel();
    await cancel();
    assert.equal(run.status, "cancelled");
    assert.deepEqual(run.cancelled, ["e1", "e2"]);
  });

  it("ends a run that is paused, and one that has not all begun", async () => {
    await start("do: [ { a: { call: 'a:1.0.0@default' } } ]");
    await run.apply({ type: "run.paused", by: "me", reason: "" });
    await run.complete("held");
    await cancel();
    assert.equal(run.status, "cancelled");
  });

  it("compensates with what needs no call, in the same transition", async () => {
    await start(`
      do:
        - a:
            try: [ { work: { call: 'a:1.0.0@default' } } ]
            catch: { errors: { with: { type: ${cancelledType} } }, do: [ { undo: { set: { a: 1 } } } ] }`);
    await cancel();
    assert.equal(run.status, "cancelled");
    assert.ok(run.names("completed").includes("undo"));
  });

  it("what comes after the end changes nothing", async () => {
    await start("do: [ { a: { call: 'a:1.0.0@default', timeout: { after: PT1M } } } ]");
    await cancel();
    const { state } = run;
    await run.apply({ type: "effect.completed", effect: "e1", output: 1 });
    await run.apply({ type: "effect.failed", effect: "e1", error: down });
    await run.apply({ type: "timer.fired", timer: "t1" });
    await run.apply({ type: "run.paused", by: "me", reason: "" });
    await run.apply({ type: "run.resumed", by: "me" });
    await run.apply({ type: "run.continued" });
    await cancel();
    assert.equal(run.state, state);
  });
});

describe("the interpreter: retry by hand", () => {
  afterEach(() => run.replay());

  it("enters the failed task again, with its input; what is done stays done", async () => {
    await start(
      `
      do:
        - before: { set: { n: '\${ .n + 1 }' } }
        - both:
            fork:
              branches:
                - good: { call: 'good:1.0.0@default' }
                - bad: { do: [ { first: { set: { m: '\${ .n + 1 }' } } }, { ask: { call: 'bad:1.0.0@default', with: { m: '\${ .m }' } } } ] }
                - slow: { call: 'slow:1.0.0@default' }
        - after: { set: '\${ . }' }`,
      { n: 1 },
    );
    const effectOf = (call: string): never =>
      [...run.effects.values()].find((effect) => effect.call.startsWith(call))?.effect as never;
    await run.complete("good's", effectOf("good"));
    await run.fail(down, effectOf("bad"));
    assert.deepEqual([run.status, run.effects.size, run.error?.status], ["failed", 0, 503]);
    await retry();
    assert.equal(run.status, "running");
    assert.equal(run.error, undefined);
    assert.deepEqual(
      [...run.effects.values()].map(({ call, argument }) => [call, argument]),
      [
        ["bad:1.0.0@default", { m: 3 }],
        ["slow:1.0.0@default", {}],
      ],
    );
    await run.complete("bad's", effectOf("bad"));
    await run.complete("slow's", effectOf("slow"));
    assert.deepEqual(run.output, ["good's", "bad's", "slow's"]);
    const asks = run.news.filter(({ name, state }) => name === "ask" && state === "running");
    assert.deepEqual(
      asks.map(({ attempt }) => attempt),
      [1, 2],
    );
  });

  it("goes on in the pass of the loop, the attempt's count and the clocks begin anew", async () => {
    await start(`
      do:
        - loop:
            for: { in: [ 1, 2 ] }
            timeout: { after: PT10S }
            do:
              - attempt:
                  try: [ { ask: { call: 'a:1.0.0@default', with: { n: '\${ $item }' } } } ]
                  catch: { retry: { limit: { attempt: { count: 1 } } } }`);
    await run.complete("one");
    await run.fail(down);
    await run.fail(down);
    assert.equal(run.status, "failed");
    assert.equal(run.timers.size, 0);
    await run.pass(60_000);
    await retry();
    assert.equal(run.nextTimerMs, 10_000);
    await run.fail(down);
    assert.deepEqual(run.call.argument, { n: 2 });
    await run.complete("two");
    assert.deepEqual([run.status, run.output], ["completed", "two"]);
  });

  it("repeats the workflow's output alone when only that has failed", async () => {
    await start("do: [ { ask: { call: 'a:1.0.0@default' } } ]\noutput: { as: .a.b.c }", {});
    await run.complete({ a: 1 });
    assert.deepEqual([run.status, run.error?.instance], ["failed", "/output"]);
    run.program = compile(workflowOf("do: [ { ask: { call: 'a:1.0.0@default' } } ]\noutput: { as: .a }"));
    await retry();
    assert.deepEqual([run.status, run.output, run.effects.size], ["completed", 1, 0]);
  });

  it("finds the task in a new definition by the names on its path", async () => {
    await start("do: [ { outer: { do: [ { ask: { call: 'a:1.0.0@default' } } ] } } ]");
    await run.fail(down);
    run.program = compile(
      workflowOf(`
        do:
          - new: { set: { a: 1 } }
          - outer: { do: [ { alsoNew: { set: { a: 1 } } }, { ask: { call: 'better:1.0.0@default' } }, { last: { set: '\${ . }' } } ] }`),
    );
    await retry();
    assert.deepEqual([run.call.call, run.call.ref], ["better:1.0.0@default", "/do/1/outer/do/1/ask"]);
    await run.complete("done");
    assert.equal(run.output, "done");
  });

  it("says which task a new definition lacks, and leaves the run as it is", async () => {
    await start("do: [ { loop: { for: { in: [ 1 ] }, do: [ { ask: { call: 'a:1.0.0@default' } } ] } } ]");
    await run.fail(down);
    const { state } = run;
    for (const [text, says] of [
      ["do: [ { other: { set: { a: 1 } } } ]", /has no task/],
      ["do: [ { loop: { do: [ { ask: { call: 'a:1.0.0@default' } } ] } } ]", /is a do in the new/],
    ] as const) {
      run.program = compile(workflowOf(text));
      await assert.rejects(
        retry(),
        (error: ComityError) => error.code === "TASK_NOT_FOUND" && says.test(error.message),
      );
      assert.equal(run.state, state);
    }
  });

  it("starts the branches that a new definition adds", async () => {
    const text = (more: string): string =>
      `do: [ { both: { fork: { branches: [ { a: { call: 'a:1.0.0@default' } }${more} ] } } } ]`;
    await start(text(""));
    await run.fail(down);
    run.program = compile(workflowOf(text(", { b: { call: 'b:1.0.0@default' } }")));
    await retry();
    await run.complete("a's");
    await run.complete("b's");
    assert.deepEqual(run.output, ["a's", "b's"]);
  });

  it("begins in the middle, with the input and context of the task", async () => {
    const text = `
      do:
        - first: { set: { n: 1 } }
        - attempt:
            try: [ { a: { set: { n: 2 } } }, { b: { set: { n: '\${ .n + 1 }', context: '\${ $context }' } } } ]
            catch: { do: [ { c: { set: { c: true } } } ] }
        - loop: { for: { in: [ 1 ] }, do: [ { inLoop: { set: { a: 1 } } } ] }
        - branches: { fork: { branches: [ { inFork: { do: [ { deep: { set: { a: 1 } } } ] } } ] } }
        - last: { set: '\${ $workflow.input }' }`;
    await start(text, { original: true });
    assert.equal(run.status, "completed");
    await retry({ ref: "/do/1/attempt/try/1/b", input: { n: 10 }, context: { kept: true } });
    assert.deepEqual(run.output, { original: true });
    const b = run.news.filter(({ name, state }) => name === "b" && state === "completed");
    assert.deepEqual(b[1]?.output, { n: 11, context: { kept: true } });
    assert.equal(run.news.filter(({ name, state }) => name === "first" && state === "running").length, 1);
    for (const [ref, says] of [
      ["/do/2/loop/do/0/inLoop", /lies in the loop loop/],
      ["/do/3/branches/fork/branches/0/inFork", /lies in the fork branches/],
      ["/do/3/branches/fork/branches/0/inFork/do/0/deep", /lies in the fork branches/],
      ["/do/1/attempt/catch/do/0/c", /lies in the catch of attempt/],
      ["/do/9/nothing", /has no task/],
      ["", /has no task/],
    ] as const)
      await assert.rejects(
        retry({ ref, input: {}, context: {} }),
        (error: ComityError) => error.code === "TASK_NOT_FOUND" && says.test(error.message),
        ref,
      );
  });

  it("a try around the task to begin with catches as ever", async () => {
    await start(`
      do:
        - attempt:
            try: [ { a: { set: { n: 2 } } }, { bad: { raise: { error: { type: 'https://example.org/a', status: 400 } } } } ]
            catch: { do: [ { c: { set: { caught: '\${ $error.status }', input: '\${ . }' } } } ] }`);
    await retry({ ref: "/do/0/attempt/try/1/bad", input: { x: 1 }, context: {} });
    assert.deepEqual(run.output, { caught: 400, input: { x: 1 } });
  });

  it("is refused for a run that is under way, or has nothing to repeat", async () => {
    await start("do: [ { a: { call: 'a:1.0.0@default' } } ]");
    const wrong = (error: ComityError): boolean => error.code === "RUN_STATE_WRONG";
    await assert.rejects(retry(), wrong);
    await run.complete(1);
    await assert.rejects(retry(), wrong);
    await cancel();
    await retry({ ref: "/do/0/a", input: { again: true }, context: {} });
    assert.equal(run.status, "running");
    await cancel();
    await retry({ ref: "/do/0/a", input: { again: true }, context: {} });
    await run.complete(2);
    assert.deepEqual([run.status, run.output], ["completed", 2]);
  });

  it("an event of before the failure finds nobody", async () => {
    await start("do: [ { a: { call: 'a:1.0.0@default' } } ]");
    await run.fail(down);
    await retry();
    const { state } = run;
    await run.apply({ type: "effect.completed", effect: "e1", output: "late" });
    assert.equal(run.state, state);
    await run.complete("in time");
    assert.equal(run.output, "in time");
  });
});
