import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { strategies } from "#aggregation/strategies/index.js";
import { functions } from "#hub/federated/functions/index.js";
import { verifyCalls } from "#hub/federated/verify.js";
import type { Run } from "#hub/runs/model.js";
import { Store } from "#hub/store/store.js";
import type { Outcome } from "../../../support/federated-outcome.js";
import { type FederatedCase, steadyRoles, trainCall } from "../../../support/federated-runs.js";
import { type FederatedWorld, SharedParts } from "../../../support/federated-world.js";
import { killedEverywhere, playKilled } from "../../../support/killed.js";
import { type Death, MortalDatabase } from "../../../support/mortal.js";
import { PlayedBlobs } from "../../../support/played-blobs.js";
import { keepingSmall, recordCalls, replayCalls } from "../../../support/recorded-calls.js";

/** What strategies are trained with that do not go as they are with three sites of whom two may answer. */
const settings: Readonly<Record<string, string>> = {
  krum: "strategy: krum, quorum: { min: 3 }",
  "trimmed-mean": "strategy: { name: trimmed-mean, trim: 1 }, quorum: { min: 3 }",
  // One after the other: who answers next is in no doubt.
  fedbuff: "strategy: fedbuff, collect: { stream: { buffer: 2, concurrency: 1 } }",
};

const trainingWith = (name: string, more: string): FederatedCase => {
  const call = trainCall(name, `evaluation: none, ${more}`);
  // A key is given once.
  const tasks = more.includes("quorum:") ? call.replace(", quorum: { min: 2 }", "") : call;
  return { name, tasks: `  - train: ${tasks}\n`, roles: steadyRoles, sitesFirst: name === "fedbuff" };
};

describe("strategies under a hub that is killed", function () {
  this.timeout(120_000);
  const shared = new SharedParts();
  after(() => shared[Symbol.asyncDispose]());

  for (const strategy of strategies) {
    const { name } = strategy;
    const hasServer = strategy.server !== undefined;
    it(`${name}: the same model and the same rows, whatever commit the hub died at`, async () => {
      // What is kept at the server shows in the third model that it goes on from the second.
      const rounds = hasServer ? 3 : 2;
      const of = trainingWith(name, `rounds: ${rounds}, ${settings[name] ?? `strategy: ${name}`}`);
      const check = (killed: Outcome, whole: Outcome): void => {
        assert.deepEqual(killed, whole);
        const [call] = killed.calls as readonly { readonly state: { readonly server: unknown } }[];
        assert.equal(call?.state.server !== null, hasServer, "what the server keeps");
        assert.equal(killed.models.length, rounds + 1);
      };
      await killedEverywhere((death) => playKilled(shared, of, death), check);
    });
  }

  it("fedbuff, three sites at a time: who came first is in the rows, and they give the same bytes again", async () => {
    const stream = "collect: { stream: { buffer: 2, concurrency: 3 } }";
    const of = trainingWith("fedbuff", `rounds: 3, strategy: fedbuff, ${stream}`);
    const play = (death?: Death) => {
      const blobs = new PlayedBlobs();
      const look = async ({ db }: FederatedWorld, { id }: Run): Promise<void> => {
        const store = new Store(new MortalDatabase(db).database);
        assert.equal(await verifyCalls({ store, functions }, id), 3);
        // The beginning and three rounds, each fold made anew.
        const [rounds = []] = replayCalls(functions, await recordCalls(db, id), blobs);
        assert.equal(rounds.length, 4);
      };
      return playKilled(shared, of, death, { watch: keepingSmall(blobs), look });
    };
    await killedEverywhere(play, ({ state, models }) => {
      assert.equal(state, "completed");
      assert.equal(models.length, 4);
    });
  });
});
