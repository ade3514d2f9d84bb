import assert from "node:assert/strict";
import { DrivenRun } from "#test/support/driven-run.js";

/** Each test's run, for the check that its journal gives its state again. */
let run: DrivenRun;
const start = async (...args: Parameters<typeof DrivenRun.start>): Promise<DrivenRun> =>
  (run = await DrivenRun.start(...args));

describe("the interpreter: the flow of tasks", () => {
  afterEach(() => run.replay());

  it("runs tasks in the order of the document, and gives the output of the last", async () => {
    await start(`
      do:
        - setRed: { set: { colors: '\${ .colors + ["red"] }' } }
        - setGreen: { set: { colors: '\${ .colors + ["green"] }' } }
        - setBlue: { set: { colors: '\${ .colors + ["blue"] }' } }`);
    assert.equal(run.status, "completed");
    assert.deepEqual(run.output, { colors: ["red", "green", "blue"] });
    assert.deepEqual(run.names("running"), ["setRed", "setGreen", "setBlue"]);
    assert.deepEqual(run.names("completed"), ["setRed", "setGreen", "setBlue"]);
    const { frames, waits, ready } = run.state ?? {};
    assert.deepEqual([frames, waits, ready], [{}, {}, []]);
  });

  it("fails with a sentence where outputs become too large together, before anybody writes them", async () => {
    const branches = (body: string) =>
      Array.from({ length: 50 }, (_, at) => `{ b${at}: ${body} }`).join(", ");
    await start(`do: [ { wide: { fork: { branches: [ ${branches("{ set: '\${ . }' }")} ] } } } ]`, {
      large: "x".repeat(200_000),
    });
    assert.equal(run.status, "failed");
    assert.match(run.state?.error?.title ?? "", /The output is larger than 8 MiB/);
  });

  it("jumps to a task of the same list, forwards and backwards, and ends where it is told", async () => {
    await start(
      `
      do:
        - count: { set: { n: '\${ .n + 1 }' } }
        - again:
            switch:
              - more: { when: .n < 3, then: count }
              - enough: { then: last }
        - never: { set: { wrong: true } }
        - last: { set: { n: '\${ .n * 10 }' }, then: end }
        - alsoNever: { set: { wrong: true } }`,
      { n: 0 },
    );
    assert.deepEqual(run.output, { n: 30 });
    assert.deepEqual(run.names("completed").filter((name) => name === "count").length, 3);
  });

  it("a switch without a case that fits goes where the task itself says, with its input", async () => {
    const text = (more: string): string => `
      do:
        - choose: { switch: [ { red: { when: '.color == "red"', then: red } } ]${more} }
        - red: { set: { red: true } }`;
    await start(text(", then: end"), { color: "blue" });
    assert.deepEqual(run.output, { color: "blue" });
    await start(text(""), { color: "blue" });
    assert.deepEqual(run.output, { red: true });
  });

  it("a condition behind the one that is met may fail", async () => {
    const text = (first: string): string => `
      do:
        - choose:
            switch:
              - one: { when: '${first}', then: done }
              - two: { when: '.a.b.c', then: done }
        - done: { set: { done: true } }`;
    await start(text(".a == 1"), { a: 1 });
    assert.deepEqual(run.output, { done: true });
    await start(text(".a == 2"), { a: 1 });
    assert.equal(run.status, "failed");
    assert.match(run.error?.type ?? "", /expression$/);
    assert.equal(run.error?.instance, "/do/0/choose");
  });

  it("exit leaves the list that the task stands in, end the workflow", async () => {
    const text = (then: string): string => `
      do:
        - outer:
            do:
              - inner: { set: { inner: true }, then: ${then} }
              - never: { set: { wrong: true } }
        - next: { set: '\${ . + { next: true } }' }
      output: { as: '. + { done: true }' }`;
    await start(text("exit"));
    assert.deepEqual(run.output, { inner: true, next: true, done: true });
    await start(text("end"));
    assert.deepEqual(run.output, { inner: true, done: true });
    assert.deepEqual(run.names("completed"), ["inner", "outer"]);
  });

  it("end in one branch cancels the others", async () => {
    await start(`
      do:
        - both:
            fork:
              branches:
                - slow: { call: 'work:1.0.0@default' }
                - quick: { do: [ { wait: { wait: PT1S } }, { stop: { set: { stopped: true }, then: end } } ] }`);
    await run.pass(1000);
    assert.equal(run.status, "completed");
    assert.deepEqual(run.output, { stopped: true });
    assert.deepEqual(run.cancelled, ["e1"]);
    assert.deepEqual(run.names("cancelled"), ["slow"]);
  });

  it("skips a task whose condition is not met, and goes on behind it", async () => {
    await start(
      `
      do:
        - maybe: { if: .yes, set: { wrong: true }, then: end }
        - next: { set: '\${ . + { next: true } }' }`,
      { yes: false },
    );
    assert.deepEqual(run.output, { yes: false, next: true });
    assert.deepEqual(run.names("skipped"), ["maybe"]);
    assert.deepEqual(run.names("completed"), ["next"]);
  });

  it("a jump to nowhere is an error of configuration", async () => {
    await start("do: [ { a: { set: { a: 1 }, then: nowhere } } ]");
    assert.equal(run.status, "failed");
    assert.match(run.error?.type ?? "", /configuration$/);
  });

  it("loops over a list; each pass gets what the one before gave", async () => {
    await start(
      `
      do:
        - loop:
            for: { each: color, in: .colors }
            do:
              - mark: { set: { seen: '\${ .seen + [ $color ] }', places: '\${ .places + [ $index ] }' } }`,
      { colors: ["red", "green", "blue"] },
    );
    assert.deepEqual(run.output, { seen: ["red", "green", "blue"], places: [0, 1, 2] });
  });

  it("a loop ends when `while` is not met, and gives its input when it has no pass", async () => {
    const text = `
      do:
        - loop:
            for: { in: '\${ [range(10)] }', at: i }
            while: (.sum // 0) < 5
            do: [ { add: { set: { sum: '\${ (.sum // 0) + $item }', last: '\${ $i }' } } } ]`;
    await start(text);
    assert.deepEqual(run.output, { sum: 6, last: 3 });
    await start(text, { sum: 5 });
    assert.deepEqual(run.output, { sum: 5 });
    await start("do: [ { loop: { for: { in: [] }, do: [ { a: { set: { a: 1 } } } ] } } ]", { b: 2 });
    assert.deepEqual(run.output, { b: 2 });
  });

  it("a loop goes over a list in place, and over nothing that is no list", async () => {
    await start(
      "do: [ { loop: { for: { in: [ 1, '${ .two }' ] }, do: [ { a: { set: { n: '${ $item }' } } } ] } } ]",
      {
        two: 2,
      },
    );
    assert.deepEqual(run.output, { n: 2 });
    await start("do: [ { loop: { for: { in: .none }, do: [ { a: { set: { a: 1 } } } ] } } ]");
    assert.match(run.error?.title ?? "", /no list/);
  });

  it("exit within a loop ends the pass", async () => {
    await start(`
      do:
        - loop:
            for: { in: [ 1, 2, 3 ] }
            do:
              - choose: { switch: [ { two: { when: $item == 2, then: exit } } ] }
              - add: { set: { sum: '\${ (.sum // 0) + $item }' } }`);
    assert.deepEqual(run.output, { sum: 4 });
  });

  it("waits for all branches, and gives their outputs in the order of the document", async () => {
    await start(
      `
      do:
        - both:
            fork:
              branches:
                - first: { call: 'a:1.0.0@default', with: { n: '\${ .n }' } }
                - second: { call: 'b:1.0.0@default' }
                - third: { set: { here: '\${ .n }' } }`,
      { n: 7 },
    );
    assert.deepEqual(run.effects.get("e1")?.argument, { n: 7 });
    await run.complete("second's", "e2");
    await run.complete("first's", "e1");
    assert.deepEqual(run.output, ["first's", "second's", { here: 7 }]);
  });

  it("of competing branches the first that completes ends the others", async () => {
    await start(`
      do:
        - race:
            fork:
              compete: true
              branches: [ { slow: { call: 'a:1.0.0@default' } }, { fast: { call: 'b:1.0.0@default' } } ]`);
    await run.complete("fast's", "e2");
    assert.equal(run.output, "fast's");
    assert.deepEqual(run.cancelled, ["e1"]);
    await start(`
      do:
        - race:
            fork:
              compete: true
              branches: [ { red: { set: { colors: [ red ] } } }, { blue: { set: { colors: [ blue ] } } } ]`);
    assert.deepEqual(run.output, { colors: ["red"] });
    assert.deepEqual(run.names("running"), ["race", "red"]);
    assert.deepEqual(run.names("cancelled"), ["blue"], "its turn has not come, and never will");
  });

  it("a branch that fails lets the fork fail and ends the others", async () => {
    await start(`
      do:
        - guarded:
            try:
              - both:
                  fork:
                    branches:
                      - bad: { raise: { error: { type: 'https://example.org/bad', status: 400 } } }
                      - other: { call: 'a:1.0.0@default' }
            catch: { do: [ { note: { set: { caught: '\${ $error.instance }' } } } ] }`);
    assert.deepEqual(run.output, { caught: "/do/0/guarded/try/0/both/fork/branches/0/bad" });
    assert.equal(run.effects.size, 0);
    assert.deepEqual(run.names("cancelled"), ["other"]);
  });

  it("a branch of several tasks is cancelled with the run, and runs again with its retry", async () => {
    await start(`
      do:
        - both:
            fork:
              branches:
                - several: { do: [ { rest: { wait: { hours: 1 } } } ] }
                - bad: { call: 'a:1.0.0@default' }`);
    await run.fail({ type: "https://example.org/bad", status: 400 });
    assert.deepEqual([run.status, run.names("cancelled").toSorted()], ["failed", ["rest", "several"]]);
    await run.apply({ type: "run.retried", by: "ada" });
    assert.ok(run.names("running").lastIndexOf("several") > run.names("running").indexOf("bad"));
  });

  it("an endless loop gives the others their turn, and the engine its own", async () => {
    await start(
      `
      do:
        - both:
            fork:
              compete: true
              branches:
                - endless: { do: [ { spin: { set: { a: 1 }, then: spin } } ] }
                - counted: { for: { in: '\${ [range(300)] }' }, do: [ { add: { set: { n: '\${ $item }' } } } ] }`,
    );
    assert.deepEqual(run.output, { n: 299 });
    assert.ok(run.continued >= 5, `${run.continued} transitions`);
  });

  it("runs a function of the workflow with what `with` gives, or with the task's input", async () => {
    const text = (more: string): string => `
      use:
        functions:
          double: { set: { n: '\${ .n * 2 }', item: '\${ [ $task.name, $task.reference ] }' } }
      do:
        - loop: { for: { in: [ 1 ] }, do: [ { twice: { call: double${more} } } ] }`;
    await start(text(", with: { n: '${ .n + $item }' }"), { n: 2 });
    assert.deepEqual(run.output, { n: 6, item: ["double", "/use/functions/double"] });
    await start(text(""), { n: 2 });
    assert.deepEqual(run.output, { n: 4, item: ["double", "/use/functions/double"] });
  });

  it("a function sees no variables of its caller, and one that calls itself without end fails", async () => {
    await start(`
      use: { functions: { f: { set: { n: '\${ $item }' } } } }
      do: [ { loop: { for: { in: [ 1 ] }, do: [ { a: { call: f } } ] } } ]`);
    assert.match(run.error?.type ?? "", /expression$/);
    await start("use: { functions: { f: { call: f } } }\ndo: [ { a: { call: f } } ]");
    assert.match(run.error?.title ?? "", /nested deeper/);
  });
});
