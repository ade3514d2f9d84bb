import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { strategies } from "#aggregation/strategies/index.js";
import { groupedTensors } from "#aggregation/tensors/groups.js";
import { decodeTensors, encodeTensors, type Tensor } from "#aggregation/tensors/safetensors.js";
import { sentWork } from "#hub/federated/advance.js";
import type { LookUps } from "#hub/federated/function.js";
import { fedEvaluate } from "#hub/federated/functions/evaluate.js";
import { fedRound } from "#hub/federated/functions/round.js";
import { fedTrain } from "#hub/federated/functions/train.js";
import { ComityError } from "#kernel/errors.js";
import { newRunId, parseSiteId, type SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { type Answering, ScriptPlayer } from "../../../support/played.js";
import { PlayedBlobs } from "../../../support/played-blobs.js";

const sites = ["acme/a", "acme/b", "acme/c"].map(parseSiteId);
const rowsOf = (site: SiteId): number => 10 * (sites.indexOf(site) + 1);
const dataset = { name: "x" };
const model = { name: "logistic", input: [2], classes: 2 };
const plan = { dataset, model, rounds: 2 };

const valuesOf = (bytes: Uint8Array): number[] => decodeTensors(bytes).flatMap(({ values }) => [...values]);

/** Sites that add their number to each weight, and measure it. */
const adding: Answering = (site, { work, body }, { base = assert.fail("a model") }) => {
  const [number, samples] = [sites.indexOf(site) + 1, rowsOf(site)];
  const figures = { loss: number / 4, accuracy: 1 / number };
  if (work.name === "evaluate") return { samples, figures };
  const more = (body as TrainBody).local.steps === true ? { steps: 4 } : {};
  const weights = decodeTensors(base).map(({ values }) => values.map((one) => one + number));
  // The model, and where it is asked for what the site's control variates have changed by: here nothing.
  const groups = train.answer.tensors?.(body as TrainBody) ?? {};
  const tensors = groupedTensors(groups).map(({ name, shape }, at): Tensor => {
    const values = weights[at] ?? new Float32Array(shape.reduce((size, one) => size * one, 1));
    return { name, dtype: "F32", shape, values };
  });
  return { samples, figures: { ...figures, ...more }, tensors: encodeTensors(tensors) };
};

/** Work has the keys that the first release knows, and no others: its agents refuse what they do not know. */
function assertOld(sent: Json): void {
  const { kind, local, ...rest } = sent as { readonly [key: string]: Json };
  const keys = kind === "train" ? ["dataset", "layers", "seed"] : ["batch", "dataset", "layers", "loss"];
  assert.deepEqual(Object.keys(rest).toSorted(), keys);
  const training = ["batch", "epochs", "learningRate", "loss", "optimizer"];
  assert.deepEqual(Object.keys(local ?? {}).toSorted(), kind === "train" ? training : []);
}

/** A mean by the rows of the sites. */
const mean = (of: (number: number) => number): number =>
  sites.reduce((sum, site, at) => sum + rowsOf(site) * of(at + 1), 0) / 60;

const near = (a: number | undefined, b: number) =>
  assert.ok(Math.abs((a ?? Number.NaN) - b) < 1e-6, `${a} is not ${b}`);

describe("the script of a training", () => {
  it("trains, folds and tests, round after round, and gives the last model", async () => {
    const player = await ScriptPlayer.of(fedTrain, plan, { sites, answering: adding });
    const { begun, rounds, output } = player.call();
    assert.deepEqual(
      rounds.map(({ ops }) => ops),
      [
        ["ask train", "fold model", "ask evaluate"],
        ["ask train", "fold model", "ask evaluate"],
      ],
    );
    const [first, second] = rounds;
    assert.ok(first !== undefined && second !== undefined && begun.save !== undefined);
    // Each round begins with the model that the one before has made.
    const models = rounds.map(({ turn }) => turn.save?.model);
    assert.deepEqual(
      [first.asked[0]?.inputs, second.asked[0]?.inputs],
      [{ base: begun.save.model }, { base: models[0] }],
    );
    assert.deepEqual(
      [first.asked[1]?.inputs, second.asked[1]?.inputs],
      [{ base: models[0] }, { base: models[1] }],
    );
    const bytes = [begun.save.model, ...models].map((blob) => player.blobs.bytesOf(blob ?? assert.fail()));
    const [initial = [], made = [], last = []] = bytes.map(valuesOf);
    for (const [at, value] of initial.entries()) {
      near(made[at], value + mean((number) => number));
      near(last[at], value + 2 * mean((number) => number));
    }
    const metrics = {
      train_loss: mean((number) => number / 4),
      train_accuracy: mean((number) => 1 / number),
      loss: mean((number) => number / 4),
      accuracy: mean((number) => 1 / number),
    };
    assert.deepEqual(
      rounds.map(({ turn: { round, save } }) => [
        round.samples,
        round.sites,
        round.asked,
        round.left,
        round.figures,
        save?.sites,
      ]),
      [1, 2].map(() => [60, sites, 3, [], metrics, 3]),
    );
    const { sha256, sizeBytes: bytesOfModel } = models[1] ?? assert.fail();
    const told = { name: "training", version: 3, sha256, bytes: bytesOfModel };
    assert.deepEqual(output, { model: told, rounds: 2, metrics, samples: 60, sites, seconds: 1 });
  });

  it("asks in words that sites of the first release understand", async () => {
    const player = await ScriptPlayer.of(fedTrain, plan, { sites, answering: adding });
    const { rounds } = player.call();
    for (const asked of rounds.flatMap((round) => round.asked)) assertOld(sentWork(asked));
  });

  it("tests at the sites that have trained, and leaves out who cannot tell", async () => {
    const failing: Answering = (site, ask, inputs) => {
      if (site === "acme/b" && ask.name === "train") return { left: "no memory" };
      if (site === "acme/c" && ask.name === "evaluate") return { left: "no test rows" };
      return adding(site, ask, inputs);
    };
    const argument = { ...plan, rounds: 1, quorum: { min: 2 } };
    const { rounds, output } = (
      await ScriptPlayer.of(fedTrain, argument, { sites, answering: failing })
    ).call();
    const [{ turn, asked } = assert.fail()] = rounds;
    assert.deepEqual(asked[1]?.to, { sites: ["acme/a", "acme/c"] });
    assert.deepEqual(turn.round.left, [
      { site: "acme/b", kind: "train", state: "failed", reason: "no memory" },
      { site: "acme/c", kind: "evaluate", state: "failed", reason: "no test rows" },
    ]);
    assert.deepEqual([turn.round.samples, turn.round.sites], [40, ["acme/a", "acme/c"]]);
    const { metrics } = output as unknown as { metrics: Record<string, number> };
    assert.deepEqual([metrics["loss"], metrics["accuracy"]], [0.25, 1]);
    near(metrics["train_loss"], (10 * 0.25 + 30 * 0.75) / 40);
  });

  it("fails when too few sites train, or stand behind the model", async () => {
    const one: Answering = (site, ask, inputs) =>
      site === "acme/a" ? adding(site, ask, inputs) : { left: "no" };
    const play = async (changes: object) =>
      (await ScriptPlayer.of(fedTrain, { ...plan, ...changes }, { sites, answering: one })).call();
    await assert.rejects(play({}), { code: "QUORUM_LOST" });
    await assert.rejects(play({ quorum: { min: 2 } }), { code: "QUORUM_LOST" });
    await assert.rejects(play({ quorum: { onShort: "proceed" }, minSites: 2 }), { code: "SITES_TOO_FEW" });
    assert.equal((await play({ quorum: { onShort: "proceed" } })).rounds.length, 2);
  });

  it("leaves out an answer that its strategy cannot fold, unless too few sites are behind the model then", async () => {
    const faulty: Answering = (site, ask, inputs) => {
      const answer = adding(site, ask, inputs);
      return site === "acme/b" && "figures" in answer ? { ...answer, figures: { loss: 0.5 } } : answer;
    };
    const play = async (changes: object) =>
      (
        await ScriptPlayer.of(
          fedTrain,
          { ...plan, strategy: "fednova", ...changes },
          { sites, answering: faulty },
        )
      ).call();
    const { rounds } = await play({ quorum: { min: 2 }, minSites: 2 });
    for (const { turn } of rounds) {
      assert.deepEqual([turn.round.sites, turn.round.samples], [["acme/a", "acme/c"], 40]);
      assert.match(turn.round.left[0]?.reason ?? "", /steps/);
    }
    await assert.rejects(play({}), {
      code: "QUORUM_LOST",
      message: /^2 of 3 sites are left and 3 are needed\. acme\/b/,
    });
    const few = { code: "SITES_TOO_FEW", message: /wants 3 sites behind a model, and 2 are left\. acme\/b/ };
    await assert.rejects(play({ quorum: { onShort: "proceed" }, minSites: 3 }), few);
  });

  it("tells no figure as the worth of a version where nobody tests it", async () => {
    const player = await ScriptPlayer.of(
      fedTrain,
      { ...plan, evaluation: "none" },
      { sites, answering: adding },
    );
    const { rounds } = player.call();
    for (const { ops, turn } of rounds) {
      assert.deepEqual(ops, ["ask train", "fold model"]);
      assert.deepEqual(turn.save?.figures, {});
      assert.deepEqual(Object.keys(turn.round.figures), ["train_loss", "train_accuracy"]);
    }
  });

  for (const strategy of strategies) {
    if (strategy.needs.stale === true) continue;
    it(`comes to its end by ${strategy.name}, and keeps what that keeps`, async () => {
      const many = Array.from({ length: 9 }, (_, at) => parseSiteId(`acme/s${at}`));
      const answering: Answering = (site, ask, inputs) =>
        adding(sites[many.indexOf(site) % 3] ?? site, ask, inputs);
      const argument = { ...plan, rounds: 3, strategy: strategy.name, quorum: { min: 9 } };
      const player = await ScriptPlayer.of(fedTrain, argument, { sites: many, answering });
      const { rounds } = player.call();
      assert.deepEqual(
        new Set(rounds.flatMap(({ ops }) => ops)),
        new Set(["ask train", "fold model", "ask evaluate"]),
      );
      for (const { turn, asked } of rounds) {
        const values = valuesOf(player.blobs.bytesOf(turn.save?.model ?? assert.fail()));
        assert.ok(values.every(Number.isFinite));
        assert.equal(asked[0]?.siteState, strategy.needs.siteState === true ? "train" : undefined);
        if ("next" in turn)
          assert.equal(turn.next.server !== null, strategy.server !== undefined, "what is kept");
      }
    });
  }
});

describe("the script of a training over a stream", () => {
  const stream = { buffer: 3, concurrency: 2, maxStale: 1 };
  const argument = { ...plan, rounds: 4, strategy: "fedbuff", collect: { stream }, evaluation: "none" };

  it("makes a round of whichever answers come first, from models of the same or of earlier rounds", async () => {
    const bases: [string, number][] = [];
    const answering: Answering = (site, ask, inputs) => {
      bases.push([site, valuesOf(inputs["base"] ?? assert.fail())[0] ?? Number.NaN]);
      return adding(site, ask, inputs);
    };
    const player = await ScriptPlayer.of(fedTrain, argument, { sites, answering });
    const { rounds, output } = player.call();
    assert.deepEqual(
      rounds.map(({ ops }) => ops),
      rounds.map(() => ["stream train", "take train.taken", "fold model"]),
    );
    const cursors = rounds.flatMap(({ turn }) => ("next" in turn ? [turn.next.cursor] : []));
    assert.deepEqual(cursors, [3, 6, 9]);
    for (const { turn } of rounds) assert.equal(turn.round.asked, 3);
    // A free site is given the model of now, while others still work on an older one.
    const models = rounds.map(
      ({ turn }) => valuesOf(player.blobs.bytesOf(turn.save?.model ?? assert.fail()))[0],
    );
    const used = new Set(bases.map(([, value]) => value));
    for (const made of models.slice(0, -1))
      assert.ok(used.has(made ?? Number.NaN), `nobody was given ${made}`);
    assert.equal((output as { rounds?: number }).rounds, 4);
  });

  it("comes to the same every time", async () => {
    const play = async () =>
      (await ScriptPlayer.of(fedTrain, argument, { sites, answering: adding })).call().output;
    assert.deepEqual(await play(), await play());
  });

  it("fails when nobody works any more", async () => {
    const gone: Answering = () => ({ left: "no" });
    const player = await ScriptPlayer.of(fedTrain, argument, { sites, answering: gone });
    assert.throws(() => player.call(), { code: "QUORUM_LOST" });
  });
});

/** A hub that has one version of a model, and its bytes. */
async function hubWithModel() {
  const blobs = new PlayedBlobs();
  const made = await ScriptPlayer.of(
    fedTrain,
    { ...plan, name: "digits" },
    { sites, answering: adding, blobs },
  );
  const { save } = made.begin();
  assert.ok(save !== undefined);
  const version = {
    model: "digits",
    version: 1,
    blob: save.model,
    round: 0,
    parent: 0,
    createdAtMs: 1,
    sites: 0,
  };
  const found = { ...version, runId: newRunId(), metrics: {}, layers: JSON.stringify(save.layers) };
  const look: LookUps = {
    model: (name) =>
      "version" in name && name.version === 1
        ? Promise.resolve(found)
        : Promise.reject(new ComityError("MODEL_NOT_FOUND", "none")),
  };
  return { blobs, look, base: save.model };
}

describe("the script of one round", () => {
  it("makes the next version of a model that the hub has, and says who was left out", async () => {
    const { blobs, look, base } = await hubWithModel();
    const answering: Answering = (site, ask, inputs) =>
      site === "acme/b" ? { left: "no memory" } : adding(site, ask, inputs);
    const given = { dataset, model: { name: "digits", version: 1 }, quorum: { min: 1 } };
    const player = await ScriptPlayer.of(fedRound, given, { sites, answering, blobs, look });
    const { begun, rounds, output } = player.call();
    assert.deepEqual([begun.save, begun.state.model], [undefined, base]);
    const [{ ops, turn, asked } = assert.fail()] = rounds;
    assert.deepEqual([rounds.length, ops], [1, ["ask train", "fold model", "ask evaluate"]]);
    assert.deepEqual(asked[0]?.inputs, { base });
    const { model: made, base: from, series } = turn.save ?? assert.fail();
    assert.deepEqual([from, series], [base, "digits"]);
    const {
      left,
      round,
      samples,
      model: told,
    } = output as { left?: object; round?: number; samples?: number; model?: object };
    assert.deepEqual(left, [{ site: "acme/b", kind: "train", state: "failed", reason: "no memory" }]);
    assert.deepEqual([round, samples], [1, 40]);
    assert.deepEqual(told, { name: "digits", version: 1, sha256: made.sha256, bytes: made.sizeBytes });
  });

  it("begins with a new model where it names none that the hub has", async () => {
    const given = { dataset, model, evaluation: "none", name: "fresh" };
    const { begun, rounds } = (await ScriptPlayer.of(fedRound, given, { sites, answering: adding })).call();
    assert.deepEqual(
      [begun.save?.series, begun.save?.base, rounds[0]?.turn.save?.series],
      ["fresh", undefined, "fresh"],
    );
    const missing = { ...given, model: { name: "digits", version: 2 } };
    const { look } = await hubWithModel();
    await assert.rejects(ScriptPlayer.of(fedRound, missing, { sites, answering: adding, look }), {
      code: "MODEL_NOT_FOUND",
    });
  });
});

describe("the script of an evaluation", () => {
  it("asks once, folds nothing, and averages over the sites' rows", async () => {
    const { blobs, look, base } = await hubWithModel();
    const answering: Answering = (site, ask, inputs) =>
      site === "acme/c" ? { left: "no test rows" } : adding(site, ask, inputs);
    const given = { dataset, model: { name: "digits", version: 1 }, quorum: { min: 2 } };
    const { begun, rounds, output } = (
      await ScriptPlayer.of(fedEvaluate, given, { sites, answering, blobs, look })
    ).call();
    assert.equal(begun.state, null);
    const [{ ops, turn, asked } = assert.fail()] = rounds;
    assert.deepEqual([rounds.length, ops], [1, ["ask evaluate"]]);
    assert.deepEqual([asked[0]?.inputs, turn.round.base, turn.save], [{ base }, base, undefined]);
    const metrics = { loss: (10 * 0.25 + 20 * 0.5) / 30, accuracy: (10 + 10) / 30 };
    const left = [{ site: "acme/c", kind: "evaluate", state: "failed", reason: "no test rows" }];
    assert.deepEqual(output, { metrics, samples: 30, sites: ["acme/a", "acme/b"], left });
    for (const one of asked) assertOld(sentWork(one));
  });
});
