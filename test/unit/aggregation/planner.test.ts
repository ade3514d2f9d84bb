import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { findStrategy, strategies } from "#aggregation/strategies/index.js";
import { checkStrategy, type PlannedFold } from "#aggregation/strategies/planner.js";

const training = { name: "train", figures: ["loss", "steps"], groups: ["control"], siteState: true };
const check = (name: string, options: unknown, planned: Partial<PlannedFold> = {}) =>
  checkStrategy(findStrategy(name) ?? assert.fail(name), options, {
    collect: "barrier",
    work: training,
    ...planned,
  });
/** The strategies that go with a plan as they come. */
const fitting = (planned: Partial<PlannedFold>) =>
  strategies.map(({ name }) => name).filter((name) => check(name, {}, planned) === undefined);

describe("the planner of strategies", () => {
  it("lets each way of collecting have what goes with it", () => {
    const linear = [
      "fedavg",
      "fedavgm",
      "fedprox",
      "fedadagrad",
      "fedadam",
      "fedyogi",
      "scaffold",
      "fednova",
    ];
    assert.deepEqual(fitting({}), [...linear, "median", "trimmed-mean", "krum"]);
    assert.deepEqual(fitting({ collect: "secure" }), linear);
    assert.deepEqual(fitting({ collect: "stream" }), ["fedbuff"]);
  });

  it("says why not, and what would do", () => {
    assert.deepEqual(check("median", {}, { collect: "secure" }), {
      fault: "median looks at every site's answer by itself, and a secure sum shows none.",
      alternative:
        "Leave the secure sum out, or take fedavg, fedavgm, fedprox, fedadagrad, fedadam, fedyogi, scaffold, fednova.",
    });
    assert.deepEqual(check("fedadam", {}, { collect: "stream" }), {
      fault:
        "fedadam has no meaning for answers that were made from different models, as a stream brings them.",
      alternative: "Collect round by round, or take fedbuff.",
    });
    const buffered = check("fedbuff", {});
    assert.equal(buffered?.fault, "fedbuff is made for a stream of answers.");
    assert.match(buffered.alternative, /^Collect in a stream, or take fedavg, /);
  });

  it("knows what the work can give", () => {
    const plain = { name: "train", figures: ["loss"], groups: [], siteState: false };
    assert.match(
      check("fednova", {}, { work: plain })?.fault ?? "",
      /the figure "steps" .* the work train does not tell/,
    );
    assert.match(check("scaffold", {}, { work: plain })?.fault ?? "", /the tensors "control" of each site/);
    const stateless = { ...training, siteState: false };
    assert.match(check("scaffold", {}, { work: stateless })?.fault ?? "", /keeps something at the site/);
    const alternative = check("scaffold", {}, { work: plain })?.alternative ?? "";
    assert.match(alternative, /fedadam/);
    assert.doesNotMatch(alternative, /scaffold|fednova|fedbuff/);
  });

  it("counts the answers that a round goes on with", () => {
    assert.equal(check("krum", { f: 1 }, { sites: 5 }), undefined);
    assert.deepEqual(check("krum", { f: 1 }, { sites: 4 }), {
      fault: "krum needs 5 answers with these options, and the plan goes on with 4.",
      alternative:
        "Let a round need 5 sites, or take fedavg, fedavgm, fedprox, fedadagrad, fedadam, fedyogi, scaffold, fednova, median, trimmed-mean.",
    });
    assert.match(check("trimmed-mean", { trim: 2 }, { sites: 4 })?.fault ?? "", /needs 5 answers/);
    assert.equal(check("trimmed-mean", {}, { sites: 1 }), undefined);
  });

  it("refuses wrong options with the keys that there are", () => {
    assert.deepEqual(check("fedadam", { learningRate: 0.1, beta3: 1 }), {
      fault:
        "The options of fedadam do not fit: unknown `beta3`: it has `learningRate`, `beta1`, `beta2`, `tau`, `v0`.",
      alternative: 'Its defaults are {"learningRate":0.1,"beta1":0.9,"beta2":0.99,"tau":0.001,"v0":"tau2"}.',
    });
    assert.match(check("fedavg", { learningRate: 1 })?.fault ?? "", /unknown `learningRate`: it has none/);
    for (const [name, options] of [
      ["fedavgm", { beta: 1 }],
      ["fedadagrad", { tau: 0 }],
      ["fedyogi", { beta2: -0.1 }],
      ["scaffold", { learningRate: 0 }],
      ["fedprox", { mu: -1 }],
      ["krum", { take: 0 }],
      ["fedbuff", { learningRate: "1" }],
    ] as const) {
      const [key = ""] = Object.keys(options);
      assert.match(check(name, options)?.fault ?? "", new RegExp(`\`${key}\``), name);
    }
    for (const { name } of strategies) {
      const collect = name === "fedbuff" ? "stream" : "barrier";
      assert.equal(check(name, undefined, { collect }), undefined, name);
      assert.equal(check(name, null, { collect }), undefined, name);
    }
  });
});

describe("the list of strategies", () => {
  it("has each once, by its name, with a sentence for people", () => {
    assert.equal(new Set(strategies.map(({ name }) => name)).size, strategies.length);
    for (const strategy of strategies) {
      assert.equal(findStrategy(strategy.name), strategy);
      assert.match(strategy.purpose, /^[A-Z].* \(.* \d{4}, arXiv \d{4}\.\d{5}\)\.$/, strategy.name);
      assert.ok(strategy.revision >= 1);
    }
    assert.equal(findStrategy("alchemy"), undefined);
    assert.equal(findStrategy("__proto__"), undefined);
  });
});
