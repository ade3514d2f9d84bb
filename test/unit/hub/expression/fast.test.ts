import assert from "node:assert/strict";
import fc from "fast-check";
import { after, describe, it } from "mocha";
import { Batches } from "#hub/workflow/expression/batches.js";
import { FastPath } from "#hub/workflow/expression/fast/fast.js";
import type { Piece } from "#hub/workflow/expression/program.js";
import type { Json } from "#kernel/json.js";
import { type JqCase, jqCases } from "#test/support/jq-cases.js";

const fast = new FastPath();

const fastAnswer = ({ expression, input, variables }: JqCase): readonly Json[] | undefined =>
  fast.answers({ input, variables, expressions: [expression], nowMs: 0 });

const pieceOf = ({ expression, input, variables }: JqCase): Piece => ({
  data: JSON.stringify({ i: input, v: variables }),
  nowMs: 0,
  parts: [
    { text: expression, names: Object.keys(variables).filter((name) => expression.includes(`$${name}`)) },
  ],
});

/** As the journal would keep it: JSON has no negative zero. */
const kept = (value: Json): unknown => JSON.parse(JSON.stringify(value));

describe("the fast path of expressions", () => {
  const jq = new Batches();
  after(() => jq.close());

  /** What jq says to all of these. */
  async function jqAnswers(cases: readonly JqCase[]): Promise<readonly unknown[]> {
    const outcomes = await jq.run(cases.map(pieceOf));
    return outcomes.map(([outcome]) =>
      outcome !== undefined && "value" in outcome ? kept(outcome.value) : outcome,
    );
  }

  it("answers random expressions exactly as jq does", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(jqCases, { minLength: 60, maxLength: 60 }), async (cases) => {
        const answered = cases.flatMap((one) => {
          const answers = fastAnswer(one);
          return answers === undefined ? [] : [{ one, answer: kept(answers[0] ?? null) }];
        });
        const expected = await jqAnswers(answered.map(({ one }) => one));
        for (const [index, { one, answer }] of answered.entries())
          assert.deepEqual(answer, expected[index], `${one.expression} of ${JSON.stringify(one)}`);
        compared += answered.length;
      }),
      { numRuns: 60, seed: 20_261_122 },
    );
    assert.ok(compared > 1000, `only ${compared} expressions were fast`);
  }).timeout(60_000);

  const answered: readonly [expression: string, input: Json, answer: Json][] = [
    [".", { a: 1 }, { a: 1 }],
    [".a.b", {}, null],
    [".a.b", null, null],
    [".a?", 5, null],
    ["[.a?]", 5, []],
    ['.a["b"]."c".["d"][0]', { a: { b: { c: { d: [7] } } } }, 7],
    [".[-1]", [1, 2, 3], 3],
    [".[-4]", [1, 2, 3], null],
    [".a .b", { a: { b: 1 } }, 1],
    [".__proto__", {}, null],
    [".constructor", {}, null],
    [".toString.length", {}, null],
    ["{__proto__: 1}.__proto__", null, 1],
    ["{a: 1} + {a: 2, b: 3}", null, { a: 2, b: 3 }],
    ["null + 1", null, 1],
    [".a + [1]", {}, [1]],
    ["1 - 1 - 1", null, -1],
    ["2 + 3 * 4", null, 14],
    ["7 % 4 % 2", null, 1],
    ["-5 % 3", null, -2],
    ["-.a + 1", { a: 1 }, 0],
    ["0.1 + 0.2", null, 0.30000000000000004],
    ['null < false and false < true and true < 0 and 0 < "" and "" < [] and [] < {}', null, true],
    ['"\\ud83d\\ude00" > "\\uff5e"', null, true],
    ["{a: 2} < {b: 1} and {a: 1, b: 2} < {a: 2, b: 1}", null, true],
    ["{a: 1, b: 2} == {b: 2, a: 1}", null, true],
    ["1 == 1", null, true],
    ["false // null // 3", null, 3],
    ["false // null", null, null],
    [".a // 1 == 2", { a: false }, false],
    ["true or (null | not) and false", null, true],
    ['0 and ""', null, true],
    ["length", "\u{1f600}é", 2],
    ["length", -5, 5],
    ["length", null, 0],
    ['"a\\(.a)b\\({x: [1, null, "q"]})"', { a: 1.5 }, 'a1.5b{"x":[1,null,"q"]}'],
    ['"\\u0000\\"\\n"', null, '\u0000"\n'],
    ["[. | tostring]", "\u007f", ["\u007f"]],
    ["[[.] | tostring]", "\u007f", ['["\\u007f"]']],
    ['{a, "b c", "d": 1, (.a): 2}', { a: "k", "b c": 3 }, { a: "k", "b c": 3, d: 1, k: 2 }],
    ["[1, 2 // 3, . == 1]", 1, [1, 2, true]],
    ["if . then 1 end", null, null],
    ["if . > 2 then 1 elif . == 2 then 2 else 3 end", 2, 2],
  ];

  it("knows jq's corners", async () => {
    const cases = answered.map(([expression, input]) => ({ expression, input, variables: {} }));
    assert.deepEqual(
      answered.map(([expression, , answer]) => [expression, [answer]]),
      cases.map((one) => [one.expression, fastAnswer(one)?.map(kept)]),
    );
    const expected = await jqAnswers(cases);
    assert.deepEqual(
      answered.map(([expression, , answer]) => [expression, answer]),
      cases.map((one, index) => [one.expression, expected[index]]),
    );
  });

  const forJq: readonly [expression: string, input: Json][] = [
    [".a.b", { a: 1 }],
    [".[0]", {}],
    [".a", []],
    ["{} - 1", null],
    ["1 / 0", null],
    ["1 % 0.5", null],
    ["1e308 * 10", null],
    ["0 * -1", null],
    ['"\\(1e17)"', null],
    ['"\\(. + 0)"', 1e17],
    ["1.0", null],
    ["12345678901234567890", null],
    ["$unknown", null],
    ["false and $unknown", null],
    ["1, 2", null],
    ["[. | 1, 2]", null],
    [".[]", [1]],
    [".[1:2]", [1]],
    ["1 == 1 == 1", null],
    [".a as $x | $x", {}],
    [". a", {}],
    ["..", 1],
    ["map(.)", []],
    ["not not", null],
    ["1 # one", null],
    ['"\\ud800"', null],
    ["length", true],
    ["length", "\ud800"],
    ["{(1): 2}", null],
    [".a = 1", {}],
    ["", null],
  ];

  it("leaves everything else to jq: errors, generators, and where numbers are written in another way", () => {
    for (const [expression, input] of forJq)
      assert.equal(fastAnswer({ expression, input, variables: {} }), undefined, expression);
  });

  it("gives up on what is too large for the hub's own thread", () => {
    const double = Array.from({ length: 60 }, () => "[., .]").join(" | ");
    const grow = Array.from({ length: 60 }, () => ". + .").join(" | ");
    const cases: [string, Json][] = [
      [double, 1],
      [`${double} | tostring`, 1],
      [`(${double}) == (${double})`, 1],
      [grow, "x"],
      [grow, [1]],
      [".", "x".repeat(300_000)],
      [`${"(".repeat(500)}1${")".repeat(500)}`, null],
      ["1 + ".repeat(300), null],
    ];
    for (const [expression, input] of cases)
      assert.equal(fastAnswer({ expression, input, variables: {} }), undefined, expression.slice(0, 40));
  });

  it("hands on what is in the data without looking into it", () => {
    const input = JSON.parse('{"__proto__": {"x": "${ 1 }"}, "constructor": 2}') as Json;
    assert.deepEqual(fastAnswer({ expression: ".", input, variables: {} }), [input]);
    const [merged] = fastAnswer({ expression: ". + {a: 1}", input, variables: {} }) ?? [];
    assert.deepEqual(Object.keys(merged as object), ["__proto__", "constructor", "a"]);
    assert.equal(Object.getPrototypeOf(merged), Object.prototype);
  });
});
