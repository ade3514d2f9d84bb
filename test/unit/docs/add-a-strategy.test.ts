import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseOptions, readOptions } from "#aggregation/strategies/options.js";
import { checkStrategy } from "#aggregation/strategies/planner.js";
import type { LinearStrategy } from "#aggregation/strategies/strategy.js";
import { decodeTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import type { FoldDone, FoldJob } from "#hub/fold/job.js";
import { Sources } from "#hub/fold/sources.js";
import { strategyFolder } from "#hub/fold/strategy-folder.js";
import { tryHowTo } from "../../support/how-to.js";

const page = "docs/guide/add-a-strategy.md";
const model = (...values: number[]) => {
  const spec = { name: "w", dtype: "F32", shape: [values.length] } as const;
  return encodeTensors([{ ...spec, values: Float32Array.from(values) }]);
};

/** Folds by a strategy that stands in no list. */
function fold(strategy: LinearStrategy, job: FoldJob): FoldDone {
  const pass = strategyFolder(strategy).pass(job, undefined, new Sources());
  const leading = pass.lead();
  for (let index = 0; index < pass.tiles; index++) leading.use(pass.tile(index), index);
  const end = leading.finish();
  assert.ok("done" in end);
  return end.done;
}

describe(page, function () {
  this.timeout(60_000);

  it("adds a strategy that compiles, is planned, and folds as it says", async () => {
    await tryHowTo(page, "aggregation/strategies/bounded-step.ts", (module) => {
      const { boundedStep } = module as { boundedStep: LinearStrategy };
      assert.deepEqual(parseOptions(boundedStep, {}), { step: 0.1 });
      const wrong = readOptions(boundedStep, { steps: 1 });
      assert.match("fault" in wrong ? wrong.fault : "", /unknown `steps`: it has `step`/);
      const work = { name: "train", figures: [], groups: [], siteState: false };
      assert.equal(checkStrategy(boundedStep, {}, { collect: "barrier", work }), undefined);
      assert.match(checkStrategy(boundedStep, {}, { collect: "stream", work })?.fault ?? "", /bounded-step/);
      const answer = { figures: {}, stale: 0, value: null };
      const { blobs } = fold(boundedStep, {
        folder: boundedStep.name,
        options: { step: 0.25 },
        answers: [
          { ...answer, samples: 1, bytes: { inline: model(1, 0, 0.125) } },
          { ...answer, samples: 3, bytes: { inline: model(1, -2, 0.125) } },
        ],
        groups: { model: [{ name: "w", dtype: "F32", shape: [3] }] },
        with: { base: { inline: model(0, 0, 0) } },
        sites: 2,
        population: 2,
        outPath: "unused",
      });
      const made = blobs["model"];
      assert.ok(made !== undefined && "inline" in made);
      assert.deepEqual([...(decodeTensors(made.inline)[0]?.values ?? [])], [0.25, -0.25, 0.125]);
    });
  });
});
