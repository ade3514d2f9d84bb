import assert from "node:assert/strict";
import { fits, sameType, standardError } from "#hub/workflow/interpreter/errors.js";
import { DrivenRun } from "#test/support/driven-run.js";

let run: DrivenRun;
const start = async (...args: Parameters<typeof DrivenRun.start>): Promise<DrivenRun> =>
  (run = await DrivenRun.start(...args));
const communication = standardError("communication", "No answer", { status: 503 });

describe("the interpreter: errors", () => {
  afterEach(() => run.replay());

  it("raises an error in place or by name, with expressions, and with the pointer of the task", async () => {
    await start(
      `
      use:
        errors:
          named: { type: https://example.org/named, status: 418, instance: /wrong }
      do:
        - outer:
            try: [ { bad: { raise: { error: named } } } ]
            catch: { as: why, do: [ { keep: { set: { why: '\${ $why }' } } } ] }
        - worse:
            raise:
              error: { type: 'https://example.org/{kind}', status: '\${ 400 + 2 }', title: '\${ .why.type }', detail: literal }`,
      { kind: "x" },
    );
    const kept = run.news.find(({ name, state }) => name === "keep" && state === "completed")?.output;
    assert.deepEqual(kept, {
      why: { type: "https://example.org/named", status: 418, instance: "/do/0/outer/try/0/bad" },
    });
    assert.deepEqual(run.error, {
      type: "https://example.org/",
      status: 402,
      title: "https://example.org/named",
      detail: "literal",
      instance: "/do/1/worse",
    });
  });

  it("an error that cannot be raised is one of the expression", async () => {
    for (const error of [
      "{ type: '${ .none }', status: 400 }",
      "{ type: 'https://example.org/a', status: '${ \"many\" }' }",
      "{ type: 'https://example.org/a', status: 400, title: '${ {} }' }",
    ]) {
      await start(`do: [ { bad: { raise: { error: ${error} } } } ]`);
      assert.match(run.error?.type ?? "", /errors\/expression$/, error);
    }
  });

  it("compares standard types by their names, whatever host the text gives them", () => {
    const standard = "https://serverlessworkflow.io/spec/1.0.0/errors/timeout";
    assert.ok(sameType(standard, "https://serverlessworkflow.io/dsl/errors/types/timeout"));
    assert.ok(sameType(standard, "https://open-workflow-specification.org/dsl/errors/types/timeout"));
    assert.ok(!sameType(standard, "https://serverlessworkflow.io/spec/1.0.0/errors/communication"));
    assert.ok(!sameType(standard, "https://example.org/errors/timeout"));
    assert.ok(sameType("https://example.org/errors/timeout", "https://example.org/errors/timeout"));
  });

  it("a filter asks for all of its fields", () => {
    const error = { ...communication, detail: "d", instance: "/do/0/a" };
    assert.ok(fits(error, {}));
    assert.ok(fits(error, { status: 503, title: "No answer", detail: "d", instance: "/do/0/a" }));
    for (const wrong of [
      { status: 500 },
      { title: "x" },
      { detail: "x" },
      { instance: "/do/1/a" },
      { type: "x" },
    ])
      assert.ok(!fits(error, { status: 503, ...wrong }), JSON.stringify(wrong));
  });

  const caught: readonly (readonly [string, boolean])[] = [
    ["{}", true],
    ["{ errors: { with: { status: 503 } } }", true],
    ["{ errors: { with: { status: '${ .wanted }' } } }", true],
    ["{ errors: { with: { type: https://serverlessworkflow.io/dsl/errors/types/communication } } }", true],
    ["{ errors: { with: { status: 404 } } }", false],
    ["{ when: $error.status == 503 }", true],
    ["{ as: e, when: '${ $e.status == 404 }' }", false],
    ["{ exceptWhen: $error.status == 404 }", true],
    ["{ exceptWhen: .wanted == 503 }", false],
  ];
  for (const [clause, expected] of caught) {
    it(`catch: ${clause} ${expected ? "catches" : "lets through"}`, async () => {
      await start(
        `
        do:
          - attempt:
              try: [ { ask: { call: http, with: { method: get, endpoint: 'https://example.org' } } } ]
              catch: ${clause}
          - next: { set: { wanted: '\${ .wanted }', next: true } }`,
        { wanted: 503 },
      );
      await run.fail(communication);
      assert.equal(run.status, expected ? "completed" : "failed");
      if (expected) assert.deepEqual(run.output, { wanted: 503, next: true });
      else assert.equal(run.error?.instance, "/do/0/attempt/try/0/ask");
    });
  }

  it("what the catch does gives the output; its `then` goes before the task's", async () => {
    await start(`
      do:
        - attempt:
            try: [ { bad: { raise: { error: { type: 'https://example.org/a', status: 400 } } } } ]
            catch: { do: [ { note: { set: { noted: '\${ $error.status }' } } } ], then: last }
            then: never
        - never: { set: { wrong: true }, then: end }
        - last: { set: '\${ . + { last: true } }' }`);
    assert.deepEqual(run.output, { noted: 400, last: true });
  });

  it("an error in a catch goes on outwards, and a condition that fails is an error itself", async () => {
    await start(`
      do:
        - outer:
            try:
              - inner:
                  try: [ { bad: { raise: { error: { type: 'https://example.org/a', status: 400 } } } } ]
                  catch: { do: [ { worse: { raise: { error: { type: 'https://example.org/b', status: 500 } } } } ] }
            catch: { do: [ { note: { set: '\${ $error }' } } ] }`);
    assert.deepEqual(run.output, {
      type: "https://example.org/b",
      status: 500,
      instance: "/do/0/outer/try/0/inner/catch/do/0/worse",
    });
    await start(
      `
      do:
        - outer:
            try:
              - inner:
                  try: [ { bad: { raise: { error: { type: 'https://example.org/a', status: 400 } } } } ]
                  catch: { when: .a.b.c }
            catch: { do: [ { note: { set: { type: '\${ $error.type }', at: '\${ $error.instance }' } } } ] }`,
      { a: 1 },
    );
    assert.deepEqual(run.output, {
      type: "https://serverlessworkflow.io/spec/1.0.0/errors/expression",
      at: "/do/0/outer/try/0/inner",
    });
  });

  it("a timeout ends what is under way and can be caught outside", async () => {
    const text = (timeout: string): string => `
      use: { timeouts: { short: { after: PT2S } } }
      do:
        - attempt:
            try:
              - slow:
                  do: [ { ask: { call: 'work:1.0.0@default' } } ]
                  timeout: ${timeout}
            catch: { errors: { with: { status: 408 } }, do: [ { late: { set: { late: '\${ $error.instance }' } } } ] }`;
    for (const timeout of ["short", "{ after: { seconds: 2 } }", "{ after: '${ \"PT\\(1 + 1)S\" }' }"]) {
      await start(text(timeout));
      assert.equal(run.nextTimerMs, 2000);
      await run.pass(2000);
      assert.deepEqual(run.output, { late: "/do/0/attempt/try/0/slow" });
      assert.deepEqual(run.cancelled, ["e1"]);
      assert.deepEqual(run.names("cancelled"), ["ask"]);
      assert.deepEqual(run.names("failed"), ["slow"]);
    }
  });

  it("a task that is done in time has no timer left", async () => {
    await start(
      "do: [ { ask: { call: 'work:1.0.0@default', timeout: { after: PT2S } } } ]\ntimeout: { after: PT1H }",
    );
    assert.equal(run.timers.size, 2);
    await run.complete("done");
    assert.equal(run.status, "completed");
    assert.equal(run.timers.size, 0);
  });

  it("a workflow's own timeout fails the run", async () => {
    await start("do: [ { ask: { call: 'work:1.0.0@default' } } ]\ntimeout: { after: PT1M }");
    await run.pass(60_000);
    assert.equal(run.status, "failed");
    assert.deepEqual([run.error?.status, run.error?.instance], [408, "/timeout"]);
    assert.deepEqual(run.cancelled, ["e1"]);
  });

  it("what is no duration is an error", async () => {
    for (const [wait, type] of [
      ["soon", "configuration"],
      ["'${ .none }'", "expression"],
      ["P1M", "configuration"],
    ]) {
      await start(`do: [ { w: { wait: ${wait} } } ]`);
      assert.match(run.error?.type ?? "", new RegExp(`${type}$`));
    }
  });

  it("programs, and protocols that there are not, are errors of configuration", async () => {
    for (const task of [
      "run: { shell: { command: ls } }",
      "run: { script: { language: js, code: '1' } }",
      "run: { container: { image: alpine } }",
      "call: asyncapi",
      "call: a2a",
      "call: unknown",
    ]) {
      await start(`do: [ { t: { ${task} } } ]`);
      assert.match(run.error?.type ?? "", /configuration$/, task);
      assert.equal(run.effects.size, 0);
    }
  });
});
