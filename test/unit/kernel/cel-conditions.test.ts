import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { compileCondition, fieldsOf, misfit } from "#kernel/cel-conditions.js";

describe("conditions over rows", () => {
  const row = { age: 63, name: "x", chol: null };

  it("are true, false, or cannot be told", () => {
    const told = (text: string) => compileCondition(text, ["row"])({ row });
    assert.equal(told("row.age > 60 && row.name == 'x'"), true);
    assert.equal(told("row.age < 60"), false);
    assert.equal(told("row.chol > 200"), undefined);
    assert.equal(told("row.chol == null"), true);
    assert.equal(told("row.chol != null && row.chol > 200"), false);
    assert.equal(told("row.weight > 1"), undefined);
    assert.equal(told("row.age"), undefined);
    assert.throws(() => compileCondition("row.age >", ["row"]), { code: "ARGUMENT_INVALID" });
  });

  it("name their fields", () => {
    const fields = (text: string) => fieldsOf(text, "row");
    assert.deepEqual(fields('row.age > 1 && (row["my column"] == 2 || row.age < 9)'), {
      fields: ["age", "my column"],
    });
    assert.deepEqual(fields("['a', 'b'].exists(x, row.name == x) && row.chol in [1, 2]"), {
      fields: ["name", "chol"],
    });
    assert.deepEqual(fields("{'a': row.age}.a > 1"), { fields: ["age"] });
    assert.deepEqual(fields("true"), { fields: [] });
  });

  it("must name them: what they read is told before they read it", () => {
    const fault = (text: string) => {
      const found = fieldsOf(text, "row");
      return "fault" in found ? found.fault : assert.fail(`taken: ${text}`);
    };
    for (const text of [
      "size(row) > 1",
      "row[row.name] == 1",
      "row.exists(k, k == 'x')",
      "[1].exists(row, row > 0)",
    ])
      assert.match(fault(text), /a field is named as row\.age or row\["age"\]/, text);
    assert.match(fault("has(row.age)"), /always true; ask row\.age != null/);
  });

  it("that do not fit the types are found out by a row that is made up, wherever in them the misfit is", () => {
    const why = (text: string) => misfit(text, { row: { age: 1, name: "a" } });
    assert.equal(why("row.age > 60 && row.name.startsWith('b') || row.age / 2.0 > 1.0"), undefined);
    assert.match(why("row.age > 60 && row.age + 1 > 3") ?? "", /'_\+_' applied to '\(double, int\)'/);
    assert.match(why("row.name > 3") ?? "", /no matching overload/);
    assert.match(why("[1, 2].exists(x, x == row.name + 1)") ?? "", /no matching overload/);
    assert.match(why("row.age + 1.0") ?? "", /neither true nor false/);
    // A fault that hangs on the value says nothing of the types.
    assert.equal(why("int(row.name) > 1"), undefined);
  });
});
