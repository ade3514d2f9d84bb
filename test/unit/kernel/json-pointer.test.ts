import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { pointerKeys, pointerOfFragment, pointerPart, valueAt } from "#kernel/json-pointer.js";

describe("JSON pointers", () => {
  const value = { "a/b": [{ "c~1": 7 }, null], "": { x: "y" } };

  it("lead to keys and items, whatever characters a key has", () => {
    assert.deepEqual(valueAt(value, ""), value);
    assert.equal(valueAt(value, "/a~1b/0/c~01"), 7);
    assert.equal(valueAt(value, "/a~1b/1"), null);
    assert.equal(valueAt(value, "//x"), "y");
  });

  it("lead nowhere where nothing stands: no property of lists, texts or prototypes counts", () => {
    for (const pointer of ["/b", "/a~1b/2", "/a~1b/length", "/a~1b/-1", "/a~1b/01", "//x/0", "/toString"])
      assert.equal(valueAt(value, pointer), undefined, pointer);
  });

  it("are made of keys and taken apart again", () => {
    const keys = ["a/b", "~1", "", "ü"];
    assert.deepEqual(pointerKeys(keys.map((key) => `/${pointerPart(key)}`).join("")), keys);
    assert.deepEqual(pointerKeys(""), []);
  });

  it("are decoded from a reference's fragment, as far as it is encoded", () => {
    assert.equal(pointerOfFragment("/a%20b/~1"), "/a b/~1");
    assert.equal(pointerOfFragment("/100%"), "/100%");
  });
});
