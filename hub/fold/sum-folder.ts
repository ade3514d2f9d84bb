import { SumPass } from "#aggregation/folding/exact-sum.js";
import { valuesOf } from "#aggregation/folding/layout.js";
import { ComityError } from "#kernel/errors.js";
import type { Leading, SharedFolder } from "./folder.js";
import type { FoldJob } from "./job.js";
import { Outputs } from "./outputs.js";

/** The group of the answers that is summed, and the output's name. */
const group = "sum";
/** So many sums at most come as JSON. */
export const mostSumValues = 4096;

/**
 * The sum of the answers' group `sum`, value by value: exact for whole numbers, in float64 in the order of the answers for others.
 * Up to {@link mostSumValues} come as `value`, a list of numbers in the order of the tensors; more as the blob `sum` (I64, or F64).
 * Throws `FOLD_OVERFLOW` rather than round a whole number.
 */
export const sumFolder: SharedFolder = {
  name: "sum",
  revision: 1,
  pass(job, _step, sources) {
    const inputs = job.answers.map(({ bytes }, index) => {
      if (bytes === undefined)
        throw new ComityError("ARGUMENT_INVALID", `Answer ${index} of the sum has no tensors.`);
      return sources.open(bytes);
    });
    const pass = new SumPass(inputs, job.groups, group);
    const small = valuesOf(job.groups[group] ?? []) <= mostSumValues;
    return {
      tiles: pass.tiles,
      tile: (index) => pass.tile(index),
      lead: () => (small ? telling(pass) : writing(pass, job)),
    };
  },
};

function telling(pass: SumPass): Leading {
  const value: number[] = [];
  return {
    use: (tile, index) => void value.push(...pass.numbers(tile, index)),
    finish: () => ({ done: { blobs: {}, figures: {}, value } }),
    abandon: () => undefined,
  };
}

function writing(pass: SumPass, { outPath }: FoldJob): Leading {
  const outputs = new Outputs(pass, outPath);
  return {
    use: (tile, index) => outputs.use(tile, index),
    finish: () => ({ done: { blobs: outputs.finish(), figures: {}, value: null } }),
    abandon: () => outputs.abandon(),
  };
}
