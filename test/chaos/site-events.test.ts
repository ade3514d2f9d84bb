import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "mocha";
import { emitEvent } from "#node-agent/main.js";
import { Federation } from "../support/federation.js";

const events = 30;

describe("events of a site while the agent and the hub are killed", () => {
  it("each comes into the run once", async () => {
    await using federation = await Federation.start({ sites: 1 });
    const workflowSource = JSON.stringify({
      document: { dsl: "1.0.3", namespace: "default", name: "hear", version: "1.0.0" },
      do: [
        { hear: { listen: { to: { any: [{ with: { type: "ready" } }], until: `length >= ${events}` } } } },
      ],
    });
    const { runId } = await federation.client.startRun({ workflowSource });
    const emit = async (from: number, to: number) => {
      for (let data = from; data < to; data++)
        await emitEvent(join(federation.dir, "site-1"), { type: "ready", data });
    };
    await emit(0, 10);
    await federation.kill("site-1");
    await emit(10, 20);
    await federation.up("site-1");
    await federation.kill("hub");
    await emit(20, 30);
    await federation.kill("site-1");
    await federation.up("hub");
    await federation.up("site-1");
    for await (const { runId: of } of federation.client.watchRun(runId)) assert.equal(of, runId);
    const { state, outputJson } = await federation.client.getRun(runId);
    assert.equal(state, "completed");
    const heard = (JSON.parse(outputJson) as number[]).toSorted((a, b) => a - b);
    assert.deepEqual(
      heard,
      Array.from({ length: events }, (_, at) => at),
    );
  });
});
