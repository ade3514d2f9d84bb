import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import { Federation, pointsPlan } from "#test/support/federation.js";

describe("an agent that is killed", function () {
  this.timeout(120_000);
  let federation: Federation;
  let undisturbed: Run__Output;

  before(async () => {
    federation = await Federation.start({ sites: 3 });
    ({ run: undisturbed } = await federation.train(pointsPlan));
    assert.equal(undisturbed.state, "completed");
  });
  after(async () => {
    await federation[Symbol.asyncDispose]();
  });

  for (const moment of ["round.started", "assignment.accepted", "assignment.delivered"] as const) {
    it(`comes back, does its assignment, and the model is the same, killed after ${moment}`, async () => {
      let killed = false;
      const { run, events } = await federation.train(pointsPlan, async ({ type, round, site }) => {
        if (killed || type !== moment || round !== 2 || (site !== "" && site !== "acme/site-2")) return;
        killed = true;
        await federation.kill("site-2");
        await federation.up("site-2");
      });
      assert.ok(killed);
      assert.equal(run.state, "completed", run.errorText);
      assert.equal(run.model?.sha256, undisturbed.model?.sha256);
      const answers = events.filter(({ type, round, site }) => {
        return type === "assignment.delivered" && round === 2 && site === "acme/site-2";
      });
      assert.equal(answers.length, 2, "one training and one evaluation");
    });
  }

  it("is named with its reason when it stays away, and the round goes on with the quorum", async () => {
    const plan = { ...pointsPlan, rounds: 2, grace: "1s", quorum: { min: 2 } };
    const { run, events } = await federation.train(plan, async ({ type, round }) => {
      if (type === "round.started" && round === 1) await federation.kill("site-3");
    });
    assert.equal(run.state, "completed", run.errorText);
    const gone = run.rounds[0]?.assignments.find(
      ({ site, kind }) => site === "acme/site-3" && kind === "train",
    );
    assert.equal(gone?.state, "vanished");
    assert.equal(gone.reasonCode, "SITE_VANISHED");
    assert.match(gone.reason, /acme\/site-3 went away and did not come back within 1 s/);
    assert.deepEqual(
      run.rounds[1]?.assignments.map(({ site }) => site),
      ["acme/site-1", "acme/site-2", "acme/site-1", "acme/site-2"],
    );
    assert.ok(events.some(({ type, site }) => type === "site.disconnected" && site === "acme/site-3"));
    await federation.up("site-3");
  });

  it("fails the run with a sentence that names it when the quorum is lost", async () => {
    const plan = { ...pointsPlan, rounds: 2, grace: "1s", quorum: { min: 3 } };
    const { run } = await federation.train(plan, async ({ type, round }) => {
      if (type === "round.started" && round === 1) await federation.kill("site-3");
    });
    assert.equal(run.state, "failed");
    assert.equal(run.errorCode, "QUORUM_LOST");
    assert.match(run.errorText, /2 of 3 sites are left and 3 are needed\. acme\/site-3: .*did not come back/);
    await federation.up("site-3");
  });
});
