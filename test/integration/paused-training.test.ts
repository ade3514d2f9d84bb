import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { sleep } from "#kernel/async.js";
import { startTestHub } from "../support/hub.js";
import { ended, good, players, startTraining } from "../support/training.js";

describe("a training whose run is paused", () => {
  it("ends its round, begins no other, and goes on by itself when the run is resumed", async () => {
    await using hub = await startTestHub();
    const [one] = await players(hub, "acme/one");
    const { runId } = await startTraining(hub, { rounds: 2 });
    const first = await one.session.next("offer");
    await hub.admin.pauseRun({ runId, reason: "a look at it" });
    await one.site.upload(good(first));
    const isOver = async () => (await hub.admin.getRun(runId)).rounds[0]?.state === "completed";
    while (!(await isOver())) await sleep(20);
    // Long enough for an offer that must not come.
    await sleep(500);
    assert.equal((await hub.admin.getRun(runId)).rounds.length, 1);
    assert.equal(one.session.heard.filter(({ body }) => body === "offer").length, 1);
    await hub.admin.resumeRun({ runId });
    const second = await one.session.next("offer");
    assert.equal(second.round, 2);
    await one.site.upload(good(second));
    const run = await ended(hub, runId);
    assert.equal(run.state, "completed", run.errorText);
    assert.deepEqual(hub.faults, []);
  });
});
