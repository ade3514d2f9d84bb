import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { type Random, seeded } from "#aggregation/random/random.js";
import { deferred, sleep } from "#kernel/async.js";
import { Federation, pointsPlan, type WatchedRun } from "#test/support/federation.js";

type Plan = Parameters<Federation["train"]>[0];

/** Set it to what a failure tells, to have the same moments again. */
const seed = Number(process.env["COMITY_CHAOS_SEED"] ?? Math.floor(Math.random() * 1e6));
/** For each strategy. */
const kills = 3;
/** The longest time between a hub that is ready and its end, in milliseconds. */
const longestMs = 500;

/** What keeps most between rounds: a state at server and sites, one of the server alone, and a stream. */
const plans: Readonly<Record<string, Pick<Plan, "strategy" | "collect">>> = {
  scaffold: { strategy: "scaffold" },
  fedadam: { strategy: "fedadam" },
  fedbuff: { strategy: "fedbuff", collect: { stream: { buffer: 3, concurrency: 3 } } },
};

describe(`strategies under a hub that is killed at any moment (COMITY_CHAOS_SEED=${seed})`, function () {
  this.timeout(120_000);
  let federation: Federation;

  before(async () => {
    federation = await Federation.start({ sites: 3 });
  });
  // Plays all calls again from their rows, besides.
  after(() => federation[Symbol.asyncDispose]());

  /** Trains; the hub is killed some times from the first event on, each time a moment after it was ready. */
  async function trainKilled(plan: Plan, random: Random): Promise<WatchedRun & { readonly killed: number }> {
    const over = new AbortController();
    const begun = deferred();
    let killed = 0;
    const killing = (async () => {
      await begun.promise;
      for (; killed < kills; killed++) {
        await sleep(random.integer(longestMs), over.signal);
        if (over.signal.aborted) return;
        await federation.kill("hub");
        await federation.up("hub");
      }
    })();
    const watched = await federation.train(plan, () => begun.resolve());
    over.abort();
    await killing;
    return { ...watched, killed };
  }

  for (const [name, more] of Object.entries(plans)) {
    it(`${name}: goes on with what the server keeps`, async () => {
      const plan = { ...pointsPlan, ...more, rounds: 12 };
      const { run, events, killed } = await trainKilled(plan, seeded(name, seed));
      assert.equal(run.state, "completed", run.errorText);
      assert.equal(run.rounds.length, 12);
      assert.ok(killed > 0, "it was over before the hub was killed");
      assert.ok(events.some(({ type }) => type === "hub.resumed"));
      // Who comes first is another one each time.
      if (name === "fedbuff") return;
      const { run: whole } = await federation.train(plan);
      assert.deepEqual(
        run.rounds.map(({ model, metrics }) => [model?.sha256, metrics["loss"]]),
        whole.rounds.map(({ model, metrics }) => [model?.sha256, metrics["loss"]]),
      );
    });
  }
});
