import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Recent } from "#kernel/recent.js";

describe("Recent", () => {
  it("forgets what was not asked for longest, and holds no more than it may", () => {
    const recent = new Recent<string, number>(2);
    assert.equal(recent.set("a", 1), 1);
    recent.set("b", 2);
    assert.equal(recent.get("a"), 1);
    recent.set("c", 3);
    assert.deepEqual(
      ["a", "b", "c"].map((key) => recent.get(key)),
      [1, undefined, 3],
    );
    recent.set("c", 4);
    assert.equal(recent.size, 2);
    assert.equal(recent.get("c"), 4);
  });
});
