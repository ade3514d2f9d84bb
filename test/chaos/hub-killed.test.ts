import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { deferred, sleep } from "#kernel/async.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";
import { Federation, pointsPlan } from "#test/support/federation.js";

/** Every assignment was delivered once, at its first attempt: no site that had delivered was asked again. */
function assertAskedOnce(run: Run__Output, events: readonly RunEvent__Output[]): void {
  const delivered = events.filter(({ type }) => type === "assignment.delivered");
  const keys = delivered.map(({ round, site, dataJson }) => {
    return `${round} ${site} ${(JSON.parse(dataJson) as { kind: string }).kind}`;
  });
  assert.equal(new Set(keys).size, keys.length, "an answer was counted twice");
  for (const round of run.rounds) {
    assert.equal(round.assignments.length, 6, `round ${round.round}`);
    for (const { site, kind, state, attempt } of round.assignments) {
      assert.deepEqual({ site, kind, state, attempt }, { site, kind, state: "delivered", attempt: 1 });
    }
  }
}

describe("a hub that is killed", function () {
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

  const moments = [
    "round.started",
    "assignment.accepted",
    "assignment.delivered",
    "round.aggregated",
    "round.completed",
  ] as const;

  for (const moment of moments) {
    it(`goes on with the same round and ends with the same model, killed after ${moment}`, async () => {
      let killed = 0;
      const { run, events } = await federation.train(pointsPlan, async ({ type, round }) => {
        if (type !== moment || round !== killed + 1 || killed === 2) return;
        killed += 1;
        await federation.kill("hub");
        await federation.up("hub");
      });
      assert.equal(killed, 2);
      assert.equal(run.state, "completed", run.errorText);
      assert.equal(run.model?.sha256, undisturbed.model?.sha256);
      assert.deepEqual(
        run.rounds.map(({ model, metrics }) => [model?.sha256, metrics["accuracy"]]),
        undisturbed.rounds.map(({ model, metrics }) => [model?.sha256, metrics["accuracy"]]),
      );
      assert.equal(events.filter(({ type }) => type === "hub.resumed").length, killed);
      assert.deepEqual(
        events.filter(({ seq }) => seq > 0).map(({ seq }) => seq),
        Array.from({ length: events.filter(({ seq }) => seq > 0).length }, (_, at) => at + 1),
        "the journal has a gap or a repetition",
      );
      assertAskedOnce(run, events);
    });
  }

  it("survives kills at arbitrary moments", async () => {
    const over = new AbortController();
    const begun = deferred();
    const killing = (async () => {
      await begun.promise;
      for (const delayMs of [130, 410, 270, 90, 350]) {
        await sleep(delayMs, over.signal);
        if (over.signal.aborted) return;
        await federation.kill("hub");
        await federation.up("hub");
      }
    })();
    const { run, events } = await federation.train({ ...pointsPlan, rounds: 8 }, () => begun.resolve());
    over.abort();
    await killing;
    const again = await federation.train({ ...pointsPlan, rounds: 8 });
    assert.equal(run.state, "completed", run.errorText);
    assert.equal(run.model?.sha256, again.run.model?.sha256);
    assertAskedOnce(run, events);
  });
});
