import assert from "node:assert/strict";
import { DrivenRun } from "#test/support/driven-run.js";

let run: DrivenRun;
const start = async (...args: Parameters<typeof DrivenRun.start>): Promise<DrivenRun> =>
  (run = await DrivenRun.start(...args));

describe("the interpreter: data between tasks", () => {
  afterEach(() => run.replay());

  it("takes `from` and `as` as expressions with or without ${ }, and as objects", async () => {
    await start(
      `
      input: { from: .order }
      do:
        - one:
            input: { from: { id: '\${ .pet.id }', fixed: text } }
            set: { got: '\${ . }', input: '\${ $input }', raw: '\${ $task.input }' }
            output: { as: '\${ . + { before: $task.output.got.id, from: $input.fixed } }' }
            export: { as: '\${ { seen: .before, output: $output.from } }' }
        - two: { set: '\${ . + { context: $context } }' }
      output: { as: { result: '\${ . }', workflow: '\${ $workflow.input }' } }`,
      { order: { pet: { id: 5 } } },
    );
    assert.deepEqual(run.output, {
      result: {
        got: { id: 5, fixed: "text" },
        input: { id: 5, fixed: "text" },
        raw: { pet: { id: 5 } },
        before: 5,
        from: "text",
        context: { seen: 5, output: "text" },
      },
      workflow: { order: { pet: { id: 5 } } },
    });
    assert.deepEqual(run.state?.context, { seen: 5, output: "text" });
  });

  it("describes the task, the workflow and the runtime", async () => {
    await start(`
      do:
        - outer:
            do:
              - look:
                  set:
                    task: '\${ [ $task.name, $task.reference, $task.definition.metadata.a, $task.startedAt ] }'
                    workflow: '\${ [ $workflow.id, $workflow.definition.document.name, $workflow.startedAt.iso8601 ] }'
                    runtime: '\${ $runtime }'
                  metadata: { a: 1 }`);
    assert.deepEqual(run.output, {
      task: [
        "look",
        "/do/0/outer/do/0/look",
        1,
        { iso8601: "1970-01-01T00:16:40.000Z", epoch: { seconds: 1000, milliseconds: 1_000_000 } },
      ],
      workflow: ["run-1", "test", "1970-01-01T00:16:40.000Z"],
      runtime: { name: "comity", version: "9.9.9", metadata: {} },
    });
  });

  it("evaluates what the definition says, never what data says", async () => {
    await start("do: [ { a: { set: { evil: '${ .evil }' } } }, { b: { set: '${ . }' } } ]", {
      evil: "${ $workflow.id }",
    });
    assert.deepEqual(run.output, { evil: "${ $workflow.id }" });
  });

  it("null and false are values", async () => {
    await start(
      `
      do:
        - a: { input: { from: .none }, set: { got: '\${ [ $input, . ] }' }, output: { as: .none } }
        - b: { input: { from: .alsoNone }, set: { raw: '\${ [ $task.input, $input ] }' } }`,
      { b: 1 },
    );
    assert.deepEqual(run.output, { raw: [null, null] });
  });

  for (const [where, text] of [
    ["/input", "input: { schema: &s { document: { required: [ a ] } } }\ndo: [ { t: { set: { b: 1 } } } ]"],
    ["/output", "output: { schema: { document: { required: [ a ] } } }\ndo: [ { t: { set: { b: 1 } } } ]"],
    ["/do/0/t", "do: [ { t: { set: { b: 1 }, input: { schema: { document: { required: [ a ] } } } } } ]"],
    ["/do/0/t", "do: [ { t: { set: { b: 1 }, output: { schema: { document: { required: [ a ] } } } } } ]"],
    [
      "/do/0/t",
      "do: [ { t: { set: { b: 1 }, export: { as: ., schema: { document: { required: [ a ] } } } } } ]",
    ],
  ] as const) {
    it(`validates: ${text.slice(0, 70).replaceAll("\n", " ")}`, async () => {
      await start(text);
      assert.equal(run.status, "failed");
      assert.deepEqual(
        [run.error?.type, run.error?.status, run.error?.instance],
        ["https://serverlessworkflow.io/spec/1.0.0/errors/validation", 400, where],
      );
      assert.match(run.error?.detail ?? "", /needs the property "a"/);
    });
  }

  it("the input is validated before `from`, the output after `as`", async () => {
    await start(
      `
      do:
        - t:
            input: { schema: { format: json, document: { required: [ a ] } }, from: .a }
            set: { b: '\${ . }' }
            output: { as: .b, schema: { document: { type: number } } }`,
      { a: 5 },
    );
    assert.equal(run.output, 5);
  });

  it("refuses a schema that stands elsewhere, or in another format", async () => {
    for (const schema of [
      "{ resource: { endpoint: 'https://example.org/s' } }",
      "{ format: xsd, document: {} }",
    ]) {
      await start(`do: [ { t: { set: { b: 1 }, input: { schema: ${schema} } } } ]`);
      assert.match(run.error?.type ?? "", /configuration$/);
    }
  });

  it("an expression that fails is an error with the task's pointer; later text tells which one", async () => {
    await start("do: [ { ok: { set: { a: 1 } } }, { bad: { set: { b: '${ .a.b.c }' } } } ]");
    assert.deepEqual(
      [run.error?.type, run.error?.status, run.error?.instance],
      ["https://serverlessworkflow.io/spec/1.0.0/errors/expression", 400, "/do/1/bad"],
    );
    assert.match(run.error?.detail ?? "", /^The expression \$\{ \.a\.b\.c \} failed: /);
    assert.deepEqual(run.names("failed"), ["bad"]);
  });

  it("a variable that is not there is an error of the expression", async () => {
    for (const name of ["$nothing", "$output", "$secrets"]) {
      await start(`do: [ { bad: { set: { b: '\${ ${name} }' } } } ]`);
      assert.match(run.error?.type ?? "", /expression$/, name);
    }
    await start("do: [ { bad: { if: '$input == 1', set: { b: 1 } } } ]");
    assert.match(run.error?.type ?? "", /expression$/);
  });

  it("emits an event that says where and when it comes from, and gives it", async () => {
    await start(
      `
      do:
        - tell:
            emit: { event: { with: { type: org.example.told, subject: '\${ .who }', data: { hello: '\${ .who }' } } } }`,
      { who: "you" },
    );
    const [event] = run.published;
    assert.deepEqual(event, {
      id: "run-1/f2",
      source: "/workflows/test/test",
      time: "1970-01-01T00:16:40.000Z",
      type: "org.example.told",
      subject: "you",
      data: { hello: "you" },
      specversion: "1.0",
    });
    assert.deepEqual(run.output, event);
  });

  it("emits no event without a type", async () => {
    await start("do: [ { tell: { emit: { event: { with: { type: '${ .none }' } } } } } ]");
    assert.match(run.error?.title ?? "", /wrong type/);
    assert.deepEqual(run.published, []);
  });
});
