import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { describeLayers, normaliseLayers } from "#aggregation/topology/describe.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import type { Rule } from "#hub/assignments/stage.js";
import type { FederatedFunction } from "#hub/federated/function.js";
import type { RoundReport } from "#hub/federated/script.js";
import { ask, askAll, type Collected, fold, type Play, type Turn } from "#hub/federated/script.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import { evaluate } from "#proto/work/evaluate.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { startTestHub, type TestHub } from "../support/hub.js";
import { type Answer, answerTo } from "../support/site.js";
import { ended, good, type Player, players, tensors } from "../support/training.js";

const dataset = { labels: { dataset: "digits" } };
const layers = normaliseLayers(namedModel({ name: "mlp", input: [3], classes: 2, hidden: [4] }));
/** More than lies beside a row. */
const largeLayers = normaliseLayers(namedModel({ name: "mlp", input: [3], classes: 2, hidden: [6000] }));
const rule: Rule = {
  onShort: "fail",
  atLeast: 1,
  release: "together",
  waitMs: 0,
  deadlineMs: 60_000,
  graceMs: 30_000,
};
const at = {};
const body: TrainBody = train.body.parse({ dataset, layers, local: {}, seed: 1 });
const testBody = evaluate.body.parse({ dataset, layers, loss: "categoricalCrossentropy" });

type State = { readonly model: BlobRef };
type Round = (state: State, position: number) => Play<Turn<State, Json>>;

/** A function that begins with a model and does what `round` says. */
const functionOf = (round: Round): FederatedFunction<unknown, unknown, State> => ({
  name: "test.script:1.0.0@default",
  purpose: "Does what a test wants.",
  argument: z.strictObject({}),
  check: () => undefined,
  prepare: () => ({}),
  scripts: [
    {
      revision: 1,
      *begin() {
        const options = { layers, seed: 1 } as unknown as Json;
        const { blobs } = yield* fold({ name: "initial", folder: "model.initial", options, over: [] });
        return { state: { model: needed(blobs["model"]) } };
      },
      round: (_call, state, { position }) => round(state, position),
    },
  ],
  first: () => ({ work: train, body, rule, to: { at } }),
});

const needed = (blob: BlobRef | undefined): BlobRef => {
  assert.ok(blob !== undefined);
  return blob;
};

const reportOf = ({ answers, asked, left }: Collected): RoundReport => ({
  sites: answers.map(({ site }) => site),
  asked,
  left,
  samples: answers.reduce((sum, { samples }) => sum + samples, 0),
  figures: {},
});

/** Has a hub of this one function run it, with sites of these names. */
async function begin(round: Round, ...names: string[]) {
  const hub = await startTestHub({}, { functions: [functionOf(round)] });
  const sites = await players(hub, ...names);
  const workflow = {
    document: { dsl: "1.0.3", namespace: "test", name: "script", version: "1.0.0" },
    do: [{ script: { call: "test.script:1.0.0@default", with: {} } }],
  };
  const { runId } = await hub.admin.startRun({ workflowSource: JSON.stringify(workflow) });
  return { hub, sites, runId };
}

/** A test's figure in place of an update. */
const figureFor = (offer: Offer__Output, loss: number): Answer => ({
  header: { ...good(offer).header, update: null, tensors: [], metrics: { loss } },
  bytes: Buffer.alloc(0),
});

async function answer({ site, session }: Player, loss = 0.5): Promise<Offer__Output> {
  const offer = await session.next("offer");
  await site.upload(offer.kind === "train" ? good(offer) : figureFor(offer, loss));
  return offer;
}

/** The output of a completed run; the hub is stopped for it. */
async function outputOf(hub: TestHub, runId: string): Promise<Json> {
  const run = await ended(hub, runId);
  assert.equal(run.state, "completed", run.errorText);
  assert.deepEqual(hub.faults, []);
  await hub.stop();
  const [row] = hub.rows("select output from calls");
  await hub.start();
  return JSON.parse(String(row?.["output"])) as Json;
}

const groups = { model: tensors };

describe("the driver of scripts", function () {
  this.timeout(60_000);

  it("gives a fold what the fold before it has made, also when neither is written yet", async () => {
    const { hub, sites, runId } = await begin(
      function* ({ model: base }) {
        const updates = yield* ask({ name: "train", work: train, body, inputs: { base }, to: { at }, rule });
        const common = { folder: "fedavg", options: {}, over: [updates], groups };
        const first = yield* fold({ ...common, name: "first", with: { base } });
        const second = yield* fold({ ...common, name: "second", with: { base: first.blobs["model"] } });
        const models = [first, second].map(({ blobs }) => needed(blobs["model"]).sha256 as string);
        return { output: () => models, round: reportOf(updates) };
      },
      "acme/one",
      "acme/two",
    );
    await using running = hub;
    const [one, two] = sites as [Player, Player];
    await answer(one);
    // Not the same bytes: the mean is a blob that nobody has sent.
    await two.site.upload(answerTo(await two.session.next("offer"), tensors, () => 0.25));
    const models = await outputOf(running, runId);
    assert.ok(Array.isArray(models) && models.length === 2 && models[0] === models[1]);
  });

  it("has the file of a large model, also of one that a later round makes again after it was let go", async () => {
    const large = train.body.parse({ dataset, layers: largeLayers, local: {}, seed: 1 });
    const own = { model: describeLayers(largeLayers).tensors };
    const begun: { sha256: string }[] = [];
    const { hub, sites, runId } = await begin(
      function* ({ model: base }, position) {
        const asked = { name: "train", work: train, body: large, inputs: { base }, to: { at }, rule };
        const updates = yield* ask(asked);
        const how = { folder: "fedavg", options: {}, groups: own, with: { base } };
        const { blobs } = yield* fold({ ...how, name: "model", over: [updates] });
        const model = needed(blobs["model"]);
        if (position < 4) return { next: { model }, round: reportOf(updates) };
        return { output: () => model.sha256, round: reportOf(updates) };
      },
      "acme/one",
      "acme/two",
    );
    await using running = hub;
    const [one, two] = sites as [Player, Player];
    for (const value of [0.5, 0.25, 0.5, 1]) {
      const offers = [await one.session.next("offer"), await two.session.next("offer")];
      begun.push({ sha256: String(offers[0]?.base?.sha256) });
      for (const [place, { site }] of [one, two].entries()) {
        const offer = offers[place];
        assert.ok(offer !== undefined);
        // Not the same bytes: the mean is a blob that nobody has sent.
        await site.upload(
          answerTo(offer, own.model, () => value + place / 8),
          1 << 16,
        );
      }
    }
    await outputOf(running, runId);
    assert.equal(begun[1]?.sha256, begun[3]?.sha256);
    assert.notEqual(begun[1]?.sha256, begun[2]?.sha256);
  });

  it("has asks that belong together open at the same time, and goes on when all are answered", async () => {
    const { hub, sites, runId } = await begin(
      function* ({ model: base }) {
        const common = { work: evaluate, body: testBody, inputs: { base }, to: { at }, rule };
        const all = yield* askAll([
          { ...common, name: "first" },
          { ...common, name: "second" },
        ]);
        const figures = all.map(({ stage, answers }) => [
          stage,
          ...answers.map(({ site, figures: { loss = 0 } }) => [site, loss]),
        ]);
        return { output: () => figures, round: reportOf(all[0] as Collected) };
      },
      "acme/one",
      "acme/two",
    );
    await using running = hub;
    const [one, two] = sites as [Player, Player];
    const offers = [await one.session.next("offer"), await one.session.next("offer")];
    assert.deepEqual(offers.map(({ stage }) => stage).toSorted(), ["first", "second"]);
    for (const offer of offers.toReversed())
      await one.site.upload(figureFor(offer, offer.stage === "first" ? 0.25 : 0.5));
    await answer(two, 1);
    await answer(two, 1);
    assert.deepEqual(await outputOf(running, runId), [
      ["first", ["acme/one", 0.25], ["acme/two", 1]],
      ["second", ["acme/one", 0.5], ["acme/two", 1]],
    ]);
  });

  it("begins a round anew that has come to nothing, with what it began with", async () => {
    const seen: string[] = [];
    const { hub, sites, runId } = await begin(
      function* ({ model: base }, position) {
        const told = { ...rule, onShort: "tell" } as const;
        const updates = yield* ask({
          name: "train",
          work: train,
          body,
          inputs: { base },
          to: { at },
          rule: told,
        });
        const round = reportOf(updates);
        if (updates.short) return { next: { model: base }, round, void: "a site is gone." };
        seen.push(`${position} ${updates.answers.length}`);
        return { output: () => ({ position, base: base.sha256 as string }), round };
      },
      "acme/one",
      "acme/two",
    );
    await using running = hub;
    const [one, two] = sites as [Player, Player];
    const first = await answer(one);
    const refused = await two.session.next("offer");
    const { assignmentId, attempt } = refused;
    two.session.send({
      body: "refuse",
      refuse: { assignmentId, attempt, code: "POLICY_DENIED", reason: "no" },
    });
    const second = await answer(one);
    await answer(two);
    assert.deepEqual([first.round, second.round], [1, 2]);
    assert.equal(first.base?.sha256, second.base?.sha256);
    assert.deepEqual(await outputOf(running, runId), { position: 2, base: String(second.base?.sha256) });
    assert.deepEqual(seen, ["2 2"]);
    const { rounds } = await running.admin.getRun(runId);
    assert.deepEqual(
      rounds.map(({ state }) => state),
      ["void", "completed"],
    );
    const events = [];
    for await (const { type, round, text } of running.admin.watchRun(runId))
      if (/^round\.(void|completed)$/.test(type)) events.push([type, round, text]);
    assert.deepEqual(events, [
      ["round.void", 1, "Round 1 has come to nothing, and is done anew: a site is gone."],
      ["round.completed", 2, "Round 2 is complete: 2 of 2 sites, 20 rows."],
    ]);
  });

  it("fails a call whose script uses a name twice in a round: it would be given the first one's answers again", async () => {
    const { hub, sites, runId } = await begin(function* ({ model: base }) {
      const common = { name: "test", work: evaluate, body: testBody, inputs: { base }, to: { at }, rule };
      yield* ask(common);
      const again = yield* ask(common);
      return { output: () => null, round: reportOf(again) };
    }, "acme/one");
    await using running = hub;
    await answer(sites[0] as Player);
    const run = await ended(running, runId);
    assert.deepEqual([run.state, run.errorCode], ["failed", "INTERNAL"]);
    assert.match(run.errorText, /uses the name test twice/);
  });

  it("goes on where it was when the hub was stopped within a round", async () => {
    let plays = 0;
    const { hub, sites, runId } = await begin(function* ({ model: base }) {
      plays += 1;
      const updates = yield* ask({ name: "train", work: train, body, inputs: { base }, to: { at }, rule });
      const { blobs } = yield* fold({
        name: "model",
        folder: "fedavg",
        options: {},
        over: [updates],
        groups,
        with: { base },
      });
      const inputs = { base: needed(blobs["model"]) };
      const to = { sites: updates.answers.map(({ site }) => site) };
      const tested = yield* ask({ name: "test", work: evaluate, body: testBody, inputs, to, rule });
      return { output: () => inputs.base.sha256, round: reportOf(tested) };
    }, "acme/one");
    await using running = hub;
    const one = sites[0];
    assert.ok(one !== undefined);
    await answer(one);
    const test = await one.session.next("offer");
    await running.stop();
    await running.start();
    const session = await one.site.connect();
    const again = await session.next("offer");
    assert.deepEqual([again.assignmentId, again.base], [test.assignmentId, test.base]);
    await one.site.upload(figureFor(again, 0.5));
    assert.equal(await outputOf(running, runId), String(test.base?.sha256));
    assert.ok(plays >= 2);
  });
});
