import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { type FederatedCase, playThrough, rolesWith, trainCall } from "../../../support/federated-runs.js";
import { FederatedWorld, SharedParts } from "../../../support/federated-world.js";

const refuses = () => ({ refuse: "Not now." });

describe("the least number of sites behind what is let out", function () {
  this.timeout(60_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  async function failing(of: FederatedCase) {
    await using world = await FederatedWorld.make(shared, of.roles);
    const { state } = await playThrough(world, of);
    assert.equal(state, "failed");
    const { error } = await world.db.selectFrom("calls").select("error").executeTakeFirstOrThrow();
    const events = await world.db
      .selectFrom("run_events")
      .selectAll()
      .where("type", "=", "assignment.delivered")
      .execute();
    const asked = await world.db.selectFrom("assignments").select("assignment_id").execute();
    const { code, text } = JSON.parse(error ?? "{}") as { readonly code?: string; readonly text?: string };
    return { code, text, events, asked: asked.length };
  }

  it("ends a stream in which too few are left, and does not ask those that are left for ever", async () => {
    const stream = "strategy: fedbuff, evaluation: none, collect: { stream: { buffer: 2, concurrency: 3 } }";
    const { code, text, asked } = await failing({
      name: "one of two",
      tasks: `  - train: ${trainCall("points", `rounds: 3, minSites: 2, ${stream}`)}\n`,
      roles: rolesWith({ "acme/b": refuses, "acme/c": refuses }),
    });
    assert.equal(code, "SITES_TOO_FEW");
    assert.match(text ?? "", /needs 2 sites behind what is taken of it, and has 1\. acme\/b: .*acme\/c: /);
    // The two that refused, and what the third was given until they had.
    assert.ok(asked < 10, `${asked} assignments`);
  });

  it("is not undercut by what is told of each site's answer", async () => {
    const { code, events } = await failing({
      name: "two of three",
      tasks: `  - train: ${trainCall("points", "rounds: 1, minSites: 3")}\n`,
      roles: rolesWith({ "acme/c": refuses }),
    });
    assert.equal(code, "SITES_TOO_FEW");
    assert.equal(events.length, 2);
    for (const { text, data } of events) {
      assert.match(text, /has answered\.$/);
      assert.doesNotMatch(data, /samples|metrics|loss/);
    }
  });
});
