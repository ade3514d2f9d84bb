import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { strategyOptions } from "#aggregation/strategies/options.js";
import type { EachStrategy } from "#aggregation/strategies/strategy.js";
import { encodeTensors } from "#aggregation/tensors/safetensors.js";
import type { PassEnd, Step } from "#hub/fold/folder.js";
import type { FoldDone } from "#hub/fold/job.js";
import { passes } from "#hub/fold/passes.js";
import { Sources } from "#hub/fold/sources.js";
import { strategyFolder } from "#hub/fold/strategy-folder.js";
import { answerOf, jobOf, outputOf } from "#test/support/folds.js";

interface Centre {
  readonly weights: readonly number[];
  readonly pass: number;
}

/** The geometric median by Weiszfeld's passes: each site counts by one over its distance to the mean of the pass before. */
const geometric: EachStrategy<object, Centre> = {
  name: "geometric",
  purpose: "For tests.",
  revision: 1,
  form: "each",
  options: strategyOptions({}),
  needs: { of: "each" },
  measure: {
    width: (answers) => answers,
    tile(_options, { updates }, before, into) {
      const weights = before?.weights ?? updates.map(() => 1);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let i = 0; i < (updates[0]?.length ?? 0); i++) {
        const mean = updates.reduce((sum, one, k) => sum + (weights[k] ?? 0) * (one[i] ?? 0), 0) / total;
        for (const [k, one] of updates.entries()) into[k] = (into[k] ?? 0) + ((one[i] ?? 0) - mean) ** 2;
      }
    },
  },
  decide(_options, _facts, measured, before) {
    const weights = Array.from(measured, (square) => 1 / Math.max(1e-6, Math.sqrt(square)));
    const pass = (before?.pass ?? 0) + 1;
    return pass === 60 ? { go: { weights, pass } } : { again: { weights, pass } };
  },
  tile(_options, { updates, out }, { weights }) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < out.length; i++)
      out[i] = updates.reduce((sum, one, k) => sum + (weights[k] ?? 0) * (one[i] ?? 0), 0) / total;
  },
};

const shape = [2];
const job = jobOf({
  folder: "geometric",
  groups: { model: [{ name: "w", dtype: "F32", shape }] },
  answers: [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
    [1e6, 1e6],
  ].map((row) =>
    answerOf({ inline: encodeTensors([{ name: "w", dtype: "F32", shape, values: Float32Array.from(row) }]) }),
  ),
  outPath: "",
});

function pass(strategy: EachStrategy, step: Step | undefined): PassEnd {
  const sources = new Sources();
  try {
    const made = strategyFolder(strategy).pass(job, step, sources);
    const leading = made.lead();
    for (let index = 0; index < made.tiles; index++) leading.use(made.tile(index), index);
    return leading.finish();
  } finally {
    sources.close();
  }
}

function fold(strategy: EachStrategy): { done: FoldDone; turns: number } {
  const steps = passes(job);
  let turns = 0;
  for (let next = steps.next(); ; turns++) {
    if (next.done === true) return { done: next.value, turns };
    next = steps.next(pass(strategy, next.value));
  }
}

describe("a fold of several passes", () => {
  it("hands on what each has decided, through whatever carries plain data", () => {
    const { done, turns } = fold(geometric);
    assert.equal(turns, 61);
    const [w] = outputOf(done, "model");
    for (const value of w?.values ?? []) assert.ok(Math.abs(Number(value) - 1) < 0.3, `${value}`);
    const carried = structuredClone(pass(geometric, undefined));
    assert.ok("step" in carried && "again" in carried.step);
    assert.equal((carried.step.again as Centre).pass, 1);
  });

  it("ends when a strategy does not", () => {
    const { measure, ...blind } = geometric;
    assert.ok(measure);
    const again = () => ({ again: { weights: [], pass: 0 } });
    assert.throws(() => fold({ ...geometric, decide: again }), /does not come to an end/);
    assert.throws(() => fold({ ...blind, decide: again }), /has nothing to measure again/);
    const stopped = passes(job);
    stopped.next();
    assert.throws(() => stopped.next(undefined), { code: "INTERNAL", message: /ended without a result/ });
  });
});
