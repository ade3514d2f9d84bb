import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Turns } from "#kernel/turns.js";

describe("turns at the event loop", () => {
  it("let everything else come in when runs have worked for a while, in the order of asking", async () => {
    let nowMs = 0;
    const turns = new Turns(() => nowMs);
    const seen: string[] = [];
    const run = async (name: string) => {
      await turns.next();
      seen.push(name);
      nowMs += 6;
    };
    const others = (round: number): void => {
      seen.push("others");
      if (round < 3) setImmediate(() => others(round + 1));
    };
    setImmediate(() => others(1));
    await Promise.all(["a", "b", "c", "d", "e"].map(run));
    assert.deepEqual(
      seen.filter((one) => one !== "others"),
      ["a", "b", "c", "d", "e"],
    );
    // Two at a time: 12 ms are more than the slice.
    assert.deepEqual(seen.slice(0, 6), ["a", "b", "others", "c", "d", "others"]);
  });
});
