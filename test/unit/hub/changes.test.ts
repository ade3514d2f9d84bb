import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RunChanges } from "#hub/runs/changes.js";
import type { RunEvent } from "#hub/runs/model.js";
import { parseRunId } from "#kernel/ids.js";

describe("news of runs", () => {
  const runId = parseRunId("run-1");
  const event: RunEvent = {
    runId,
    seq: 0,
    atMs: 0,
    type: "assignment.progress",
    round: 1,
    site: "",
    text: "epoch 1",
    data: {},
  };

  it("costs a watcher who does not read no endless memory, and never its wake-up", async () => {
    const changes = new RunChanges();
    const { news, stop } = changes.subscribe(runId);
    for (let i = 0; i < 20_000; i++) changes.tell(event);
    changes.tell({ ...event, seq: 1, type: "round.started" });
    assert(news.size < 2000, `${news.size} are kept`);
    stop();
    let looks = 0;
    for await (const item of news) if (item === "look") looks++;
    assert.equal(looks, 1);
  });

  it("has a bound also where all that comes is kept, and one look for all of it", async () => {
    const changes = new RunChanges();
    const { news, stop } = changes.subscribe(runId);
    for (let seq = 1; seq <= 20_000; seq++) changes.tell({ ...event, seq, type: "round.started" });
    assert.equal(news.size, 1001);
    const read = news[Symbol.asyncIterator]();
    for (let at = 0; at < 500; at++) await read.next();
    changes.tell({ ...event, seq: 20_001 });
    const rest: (RunEvent | "look")[] = [];
    stop();
    for (let next = await read.next(); next.done !== true; next = await read.next()) rest.push(next.value);
    // The look comes after what it stands for, and before what had room again.
    assert.deepEqual(
      rest.slice(-2).map((one) => (one === "look" ? one : one.seq)),
      ["look", 20_001],
    );
    assert.equal(rest.filter((one) => one === "look").length, 1);
  });

  it("wakes whoever asked before it came", async () => {
    const changes = new RunChanges();
    const next = changes.next(runId);
    changes.notify(runId);
    await next;
  });
});
