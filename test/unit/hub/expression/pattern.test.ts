import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { fitsPattern } from "#hub/workflow/expression/pattern.js";

describe("a pattern in the filter of an event", () => {
  it("fits the whole of a text", () => {
    assert.ok(fitsPattern("org\\.example\\.[a-z]{2,20}\\.v[0-9]+", "org.example.order.v12"));
    assert.ok(!fitsPattern("example.*", "org.example.order"));
    assert.ok(!fitsPattern("(", "("));
  });

  it("fits nothing where it or the text is so large that it would hold others up", () => {
    assert.ok(fitsPattern(`a+${"b".repeat(1000)}`.slice(0, 1000), `a${"b".repeat(998)}`));
    assert.ok(!fitsPattern("a+", "a".repeat(1001)));
    assert.ok(!fitsPattern(`a+${"b".repeat(200_000)}`, `a${"b".repeat(200_000)}`));
    assert.ok(!fitsPattern(`(${"a?".repeat(100)}){1000}`, "a"));
    assert.ok(!fitsPattern("(a?){500}a{500}", "a".repeat(600)));
  });
});
