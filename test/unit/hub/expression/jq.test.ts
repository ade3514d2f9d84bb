import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { type Ask, ExpressionError, type ExpressionFault } from "#hub/workflow/expression/model.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import type { Json } from "#kernel/json.js";

const nowMs = 1_700_000_000_123;

describe("expressions by jq", () => {
  const jq = new JqExpressions();
  after(() => jq.close());

  const ask = (expressions: readonly string[], input: Json = null, variables: Ask["variables"] = {}) =>
    jq.evaluate({ input, variables, expressions, nowMs });

  async function fault(expressions: readonly string[], input: Json = null): Promise<ExpressionError> {
    try {
      await ask(expressions, input);
    } catch (error) {
      assert.ok(error instanceof ExpressionError, String(error));
      assert.equal(error.code, "EXPRESSION_FAILED");
      assert.equal(error.expression, expressions[error.index]);
      return error;
    }
    return assert.fail(`${String(expressions)} has an answer`);
  }

  it("answers many expressions over one input, each with its first output, or null", async () => {
    const answers = await ask(
      ["map(. * 2)", ".[0]", ".[]", "empty", "$context.a | @json", "$if", '[splits(", *")]?', "[1 # one\n]"],
      [1, 2],
      { context: { a: [1] }, if: 3, "no name": 4 },
    );
    assert.deepEqual(answers, [[2, 4], 1, 1, null, "[1]", 3, null, [1]]);
  });

  it("answers more expressions than fit into one program", async () => {
    const expressions = Array.from({ length: 150 }, (_, index) => `[range(${index})] | length`);
    assert.deepEqual(await ask(expressions), [...expressions.keys()]);
    assert.equal((await fault([...expressions, "error(1)"])).index, 150);
  });

  it("answers many asks at once, each with its own input, variables and time", async () => {
    const asks = Array.from({ length: 200 }, (_, index) =>
      jq.evaluate({
        input: index,
        variables: { v: { index } },
        expressions: ["[., $v.index, now] | add", "first(range($v.index; 1000))"],
        nowMs: index * 1000,
      }),
    );
    assert.deepEqual(
      await Promise.all(asks),
      asks.map((_, index) => [3 * index, index]),
    );
  });

  it("knows no clock, no environment, no files and no second input", async () => {
    assert.deepEqual(
      await ask([
        "now",
        "env",
        "$ENV",
        "[inputs]",
        "input_filename",
        "input_line_number",
        "1 | debug",
        '1 | debug("x")',
        "1 | stderr",
        "0 | localtime | mktime",
        "get_search_list",
        "(now | todate)",
      ]),
      [nowMs / 1000, {}, {}, [], null, 0, 1, 1, 1, 0, [], "2023-11-14T22:13:20Z"],
    );
    for (const expression of ["input", "halt", "halt_error", '"a" | halt_error(0)', '"a" | modulemeta'])
      assert.equal((await fault(["1", expression])).reason, "runtime", expression);
    for (const expression of ['import "a" as a; 1', 'include "a"; 1', "$__prog_args", "-1 | foo"])
      assert.equal((await fault(["1", expression])).reason, "compile", expression);
  });

  const faults: readonly [reason: ExpressionFault, expression: string][] = [
    ["time", "[repeat(1)]"],
    // One alone may reach the regular expressions' own limit before the time.
    ["time", '("a" * 30 + "b") as $t | [range(1000) | try ($t | test("^(a+)+$")) catch 0]'],
    ["memory", "def f: 1 + f; f"],
    ["memory", "reduce range(20000) as $i (null; [.])"],
    ["memory", '"x" * 1000000000'],
    ["output", "[range(100000)]"],
    ["output", "reduce range(300) as $i (null; [.])"],
    ["runtime", ".a.b"],
    ["runtime", "error"],
    ["runtime", "error({__jq: 0}), error(2) | error(3)"],
    ["compile", "1) , (2"],
    ["compile", "1)] catch 0), (try [first((2"],
    ["compile", ""],
    ["compile", "$unknown"],
    ["input", `"${"x".repeat(20_000)}"`],
  ];

  for (const [reason, expression] of faults)
    it(`names ${expression.slice(0, 40)} and says that it is the ${reason}, and goes on`, async () => {
      const [error, other] = await Promise.all([
        fault(["1 | @json", expression, "2 | @json"], { a: 1 }),
        ask(["[.[]] | add"], [1, 2]),
      ]);
      assert.equal(error.reason, reason, error.message);
      assert.equal(error.index, 1);
      assert.deepEqual(other, [3]);
      assert.deepEqual(await ask(["[.] | map(.)"], 4), [[4]]);
    }).timeout(20_000);

  it("lets the hub go on while an expression runs wild", async () => {
    let turns = 0;
    let turning = setImmediate(function turn() {
      turns++;
      turning = setImmediate(turn);
    });
    const wild = await fault(["[repeat(1)]"]);
    clearImmediate(turning);
    assert.equal(wild.reason, "time");
    // No number of the clock: the sentence stands in journals, whose digests must come out the same.
    assert.match(wild.message, /It worked longer than it may\./);
    assert.ok(turns > 100, `only ${turns} turns of the event loop`);
  }).timeout(20_000);

  it("refuses inputs that are too large, too deep or no text, before jq sees them", async () => {
    let deep: Json = 1;
    for (let level = 0; level < 20_000; level++) deep = [deep];
    for (const input of [
      "x".repeat(300_000),
      Array.from({ length: 200_000 }, () => 1),
      deep,
      "\ud800",
      { "\ud800": 1 },
    ])
      assert.equal((await fault(["[.] | length | @json"], input)).reason, "input");
    const unused = await jq.evaluate({
      input: 1,
      variables: { big: deep },
      expressions: ["[.] | map(.)"],
      nowMs,
    });
    assert.deepEqual(unused, [[1]], "a variable that is not named does not go along");
  });

  it("keeps an expression from taking a variable away from the others", async () => {
    assert.deepEqual(await ask(["[$$$$v]", "[$v] | map(.)"], null, { v: 1 }), [[1], [1]]);
  });

  it("has plain data for an answer, whatever the keys", async () => {
    const [answer] = await ask(['{"__proto__": {x: 1}, constructor: 2} | map_values(.)']);
    assert.deepEqual(Object.keys(answer as object), ["__proto__", "constructor"]);
    assert.equal(Object.getPrototypeOf(answer), Object.prototype);
  });

  it("says whether an expression can be compiled, and where not", async () => {
    assert.equal(await jq.check("$a + .b | map(.)", ["a"]), undefined);
    const why = "$b is not defined (line 1, column 6)";
    assert.deepEqual(await jq.check("$a + $b", ["a"]), { why, variable: "b" });
    assert.match(
      (await jq.check(".a |\n  foo(1)", []))?.why ?? "",
      /foo\/1 is not defined \(line 2, column 3\)/,
    );
    assert.match((await jq.check(".a ||", []))?.why ?? "", /syntax error.* \(line 1, column 5\)/);
    assert.match((await jq.check("", []))?.why ?? "", /syntax error.* \(line 1, column 1\)/);
    assert.match((await jq.check("x".repeat(20_000), []))?.why ?? "", /longer than 16 KiB/);
    assert.equal(await jq.check("[repeat(1)]", []), undefined, "it is not run");
  });

  it("answers simple asks at once, and gives undefined for the others", () => {
    const question = { input: { a: 1 }, variables: { v: 2 }, nowMs };
    assert.deepEqual(jq.evaluateNow({ ...question, expressions: [".a", "$v + 1"] }), [1, 3]);
    assert.equal(jq.evaluateNow({ ...question, expressions: [".a", "map(.)"] }), undefined);
  });

  it("refuses to work after it was closed", async () => {
    const closed = new JqExpressions();
    await closed.close();
    const asked = closed.evaluate({ input: null, variables: {}, expressions: ["1 | @json"], nowMs });
    await assert.rejects(asked, /closed/);
  });
});
