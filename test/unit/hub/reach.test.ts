import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Reach } from "#hub/store/reach.js";
import { ComityError } from "#kernel/errors.js";

/** A wall clock that is far ahead of the monotonic one. */
const aheadMs = 1_000_000;

function setUp() {
  const at = { ms: 0 };
  const clock = {
    nowMs: () => at.ms + aheadMs,
    monotonicMs: () => at.ms,
    after: () => assert.fail("nothing is waited for"),
  };
  const reach = new Reach(clock);
  const told: boolean[] = [];
  reach.onChange((isAway) => told.push(isAway));
  return { at, reach, told };
}

const gone = new ComityError("STORE_UNREACHABLE", "gone");

describe("when the hub's database was away", () => {
  it("is from the first failure until the next commit, whatever can be read meanwhile", () => {
    const { at, reach, told } = setUp();
    at.ms = 100;
    reach.failed(60, gone);
    reach.failed(80, new ComityError("DISK_FULL", "full"));
    at.ms = 200;
    reach.answered(190, false);
    assert.equal(reach.isAway, true);
    assert.equal(reach.awayMsSince(aheadMs), 140);
    at.ms = 300;
    reach.answered(290, true);
    assert.deepEqual([reach.isAway, reach.backMs, reach.backAtMs], [false, 300, aheadMs + 300]);
    at.ms = 1000;
    assert.equal(reach.awayMsSince(aheadMs), 240);
    assert.equal(reach.awayMsSince(aheadMs + 200), 100);
    assert.equal(reach.awayMsSince(aheadMs + 400), 0);
    assert.deepEqual(told, [true, false]);
  });

  it("is, too, while an answer is held up on the way; what overlaps is counted once", () => {
    const { at, reach, told } = setUp();
    at.ms = 20_000;
    reach.answered(10_000, false);
    reach.answered(12_000, false);
    assert.equal(reach.awayMsSince(aheadMs), 10_000);
    assert.equal(reach.backMs, 20_000);
    at.ms = 24_000;
    reach.answered(20_001, false);
    assert.equal(reach.awayMsSince(aheadMs), 10_000, "slow, and no more than that");
    assert.deepEqual(told, []);
  });

  it("is not for what is wrong with a row", () => {
    const { reach } = setUp();
    reach.failed(0, new Error("UNIQUE constraint failed"));
    assert.equal(reach.isAway, false);
  });
});
