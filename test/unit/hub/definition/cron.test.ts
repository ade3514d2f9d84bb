import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseCron } from "#hub/workflow/definition/cron.js";

describe("cron expressions", () => {
  it("reads lists, ranges, steps and names", () => {
    assert.deepEqual(parseCron("*/20 8-10 1,15 feb-APR mon,7"), {
      minutes: [0, 20, 40],
      hours: [8, 9, 10],
      daysOfMonth: [1, 15],
      months: [2, 3, 4],
      daysOfWeek: [0, 1],
      eitherDay: true,
    });
    assert.deepEqual(parseCron("5/25 * * * *").minutes, [5, 30, 55]);
    assert.deepEqual(parseCron("@daily"), parseCron("0 0 * * *"));
    assert.equal(parseCron("0 0 1 * *").eitherDay, false);
  });

  for (const text of [
    "",
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "5-1 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "1,,2 * * * *",
    "0 0 31 2 *",
    "-1 * * * *",
    "1.5 * * * *",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseCron(text), { code: "ARGUMENT_INVALID" });
    });
  }
});
