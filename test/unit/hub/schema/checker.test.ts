import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import type { Json } from "#kernel/json.js";

describe("the check of a value against a schema", () => {
  const checker = new SchemaChecker();
  after(() => checker.close());

  it("is done at once where it costs little", () => {
    const schema = { type: "object", required: ["a"], properties: { a: { maximum: 3 } } };
    assert.deepEqual(checker.check({ schema, value: { a: 1 } }), { why: undefined });
    assert.deepEqual(checker.check({ schema, value: { a: 4 } }), { why: "/a is more than 3." });
    assert.deepEqual(checker.check({ schema: false, value: 1 }), { why: "it is not allowed." });
  });

  const costly: [string, Json, Json, RegExp][] = [
    ["a pattern", { items: { pattern: "^a+$" } }, ["a", "b"], /\/1 does not match/],
    ["a pattern for keys", { patternProperties: { "^a": false } }, { a: 1 }, /\/a is not allowed/],
    ["a reference", { $ref: "#/$defs/n", $defs: { n: { type: "null" } } }, 1, /must be null/],
    [
      "a large value",
      { items: { type: "number", minimum: 0 } },
      [...many("1", 20_000).map(Number), "x"],
      /\/20000 must be number/,
    ],
    ["a pattern that takes for ever", { pattern: "(a?){500}a{500}$" }, `${"a".repeat(30_000)}!`, /too long/],
    ["a pattern of 200 KiB", { pattern: "a".repeat(200_000) }, "a", /too long/],
    [
      "a list of words without end",
      { items: { enum: many("b", 20_000) } },
      many("a", 20_000),
      /too long|must be one/,
    ],
  ];
  for (const [what, schema, value, says] of costly) {
    it(`is left to a thread for ${what}`, async () => {
      const reply = checker.check({ schema, value });
      assert.ok(reply instanceof Promise);
      assert.match((await reply).why ?? "", says);
    });
  }
});

function many(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${word}${at}`);
}
