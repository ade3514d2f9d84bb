import { largestTileBytes } from "#aggregation/averaging/weighted-mean.js";
import { EachPass, MeasurePass } from "#aggregation/folding/each.js";
import { LinearPass } from "#aggregation/folding/linear.js";
import type { FoldMaterial, PassOptions, WritePass } from "#aggregation/folding/pass.js";
import { parseOptions } from "#aggregation/strategies/options.js";
import type { EachStrategy, Strategy } from "#aggregation/strategies/strategy.js";
import type { Bytes } from "#hub/blobs/reader.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { Pass, SharedFolder, Step } from "./folder.js";
import type { FoldJob } from "./job.js";
import { keptKernels } from "./kept-kernels.js";
import { Outputs } from "./outputs.js";
import type { Sources } from "./sources.js";

/**
 * A strategy as a unit of the pool. Reads the blobs `base` (the model that the round began with) and `server` (what the fold
 * before has put out by that name; none at first); puts out `model` and, where the strategy keeps something, `server`.
 */
export function strategyFolder(
  strategy: Strategy,
  how: PassOptions = { kernels: keptKernels },
): SharedFolder {
  return {
    name: strategy.name,
    revision: strategy.revision,
    pass(job, step, sources) {
      const options = parseOptions(strategy, job.options);
      const material = materialOf(job, sources);
      if (strategy.form === "linear")
        return writing(new LinearPass(strategy, options, material, how), job, null);
      if (step === undefined || "again" in step) {
        if (strategy.measure !== undefined) return measuring(strategy, options, step?.again, material, how);
        const first = strategy.decide(options, material.answers, new Float64Array(0), undefined);
        return deciding(strategy, options, first, job, material, how);
      }
      return deciding(strategy, options, step, job, material, how);
    },
  };
}

/** The pass that writes, by a decision. */
function deciding(
  strategy: EachStrategy,
  options: unknown,
  step: Step,
  job: FoldJob,
  material: FoldMaterial,
  how: PassOptions,
): Pass {
  if ("again" in step) throw new ComityError("INTERNAL", `${strategy.name} has nothing to measure again.`);
  const chosen = strategy.chosen?.(step.go);
  const value = chosen === undefined ? null : { chosen };
  return writing(new EachPass(strategy, options, step.go, material, how), job, value);
}

function writing(pass: WritePass, { outPath }: FoldJob, value: Json): Pass {
  return {
    tiles: pass.tiles,
    tile: (index) => pass.tile(index),
    lead() {
      const outputs = new Outputs(pass, outPath);
      return {
        use: (tile, index) => outputs.use(tile, index),
        finish: () => ({ done: { blobs: outputs.finish(), figures: {}, value } }),
        abandon: () => outputs.abandon(),
      };
    },
  };
}

function measuring(
  strategy: EachStrategy,
  options: unknown,
  before: unknown,
  material: FoldMaterial,
  how: PassOptions,
): Pass {
  const pass = new MeasurePass(strategy, options, before, material, how);
  return {
    tiles: pass.tiles,
    alone: pass.tileBytes > largestTileBytes,
    tile: (index) => pass.tile(index),
    lead: () => ({
      use: (tile) => pass.add(tile),
      finish: () => ({ step: strategy.decide(options, material.answers, pass.measured, before) }),
      abandon: () => undefined,
    }),
  };
}

function materialOf(
  { groups, answers, with: blobs, sites, population }: FoldJob,
  sources: Sources,
): FoldMaterial {
  const open = (bytes: Bytes | undefined) => bytes && sources.open(bytes);
  return {
    groups,
    sites,
    population,
    base: open(blobs["base"]),
    server: open(blobs["server"]),
    answers: answers.map(({ samples, figures, stale, bytes, base }, index) => {
      if (bytes === undefined)
        throw new ComityError("ARGUMENT_INVALID", `Answer ${index} of the fold has no tensors.`);
      const source = sources.open(bytes);
      return { samples, figures, stale, source, ...(base !== undefined && { base: sources.open(base) }) };
    }),
  };
}
