import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { BoundedThread } from "#kernel/bounded-thread.js";

/** Doubles a number; does not come back from a negative one, and ends at 0. */
const script = `
  import { parentPort } from "node:worker_threads";
  parentPort.on("message", (number) => {
    while (number < 0);
    if (number === 0) process.exit();
    parentPort.postMessage({ double: 2 * number });
  });
  parentPort.postMessage("ready");
`;

describe("a thread with a bound", () => {
  const make = () =>
    new BoundedThread<number, { readonly double: number }>(
      new URL(`data:text/javascript,${encodeURIComponent(script)}`),
      "tests",
    );
  const thread = make();
  after(() => thread.close());

  it("gives up what takes too long, lets its caller go on meanwhile, and answers the next request", async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    const answers = await Promise.all([thread.run(1, 10_000), thread.run(-1, 200), thread.run(2, 10_000)]);
    clearInterval(ticking);
    assert.deepEqual(answers, [{ double: 2 }, "late", { double: 4 }]);
    assert.ok(turns > 3, `${turns} turns`);
  });

  it("says so when its script ends, and starts another", async () => {
    await assert.rejects(thread.run(0, 10_000), { code: "INTERNAL", message: /thread of tests has ended/ });
    assert.deepEqual(await thread.run(3, 10_000), { double: 6 });
  });

  it("takes nothing after it was closed", async () => {
    const closed = make();
    await closed.close();
    await assert.rejects(closed.run(1, 10_000), /has been closed/);
  });
});
