import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { bare, expressionsIn, isExpression, substitute, unwrap } from "#hub/workflow/expression/template.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";

describe("templates of expressions", () => {
  it("takes a text for an expression only as a whole", () => {
    for (const text of ["${ .a }", " ${.a}\n", "${}", "${ {a: 1} }", "${ .a\n| .b }"])
      assert.ok(isExpression(text), text);
    for (const text of ["", "a ${ .b }", "${ .b } c", "$ { .a }", ".a", "${", "{ }", "\\${ .a }"])
      assert.ok(!isExpression(text), text);
  });

  it("takes the braces away, where they must be and where they may be", () => {
    assert.equal(unwrap(" ${ .a } "), ".a");
    assert.equal(unwrap("${ {a: 1} }"), "{a: 1}");
    assert.throws(
      () => unwrap(".a"),
      (error) => error instanceof ComityError && error.code === "ARGUMENT_INVALID",
    );
    assert.equal(bare("${ .a > 1 }"), ".a > 1");
    assert.equal(bare(" .a > 1 "), ".a > 1");
  });

  const template: Json = {
    a: "${ .x }",
    "b/c~d": [1, "text ${ .no }", "${ .y }", { deep: " ${ .z } " }],
    plain: null,
  };

  it("finds the expressions with their places", () => {
    assert.deepEqual(expressionsIn(template), [
      { pointer: "/a", expression: ".x" },
      { pointer: "/b~1c~0d/2", expression: ".y" },
      { pointer: "/b~1c~0d/3/deep", expression: ".z" },
    ]);
    assert.deepEqual(expressionsIn("${ . }"), [{ pointer: "", expression: "." }]);
    assert.deepEqual(expressionsIn({ "${ .key }": 1 }), [], "keys are no expressions");
  });

  it("puts the answers in their places, and never evaluates what is in them", () => {
    assert.deepEqual(substitute(template, ["${ .evil }", { a: "${ .evil }" }, null]), {
      a: "${ .evil }",
      "b/c~d": [1, "text ${ .no }", { a: "${ .evil }" }, { deep: null }],
      plain: null,
    });
    assert.deepEqual(substitute("${ . }", [[1]]), [1]);
  });

  it("keeps strange keys as plain data", () => {
    const strange = JSON.parse('{"__proto__": "${ .a }", "constructor": 1}') as Json;
    const filled = substitute(strange, [2]);
    assert.equal(JSON.stringify(filled), '{"__proto__":2,"constructor":1}');
    assert.equal(Object.getPrototypeOf(filled), Object.prototype);
  });

  it("refuses a template that is too deep, and answers that do not fit", () => {
    let deep: Json = "${ . }";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    assert.throws(() => expressionsIn(deep), /deeper than 64 levels/);
    assert.throws(() => substitute(template, [1]), /3 expressions got 1 answers/);
    assert.throws(() => substitute(1, [1]), /0 expressions got 1 answers/);
  });
});
