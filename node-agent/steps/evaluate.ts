import { type EvaluateBody, evaluate } from "#proto/work/evaluate.js";
import { type Dataset, select } from "../data/datasets.js";
import type { TrainingPool } from "../training/pool.js";
import { requiredInput, type Step } from "./step.js";

/** Measures the base model on the site's test rows. */
export function evaluateStep(datasets: readonly Dataset[], pool: TrainingPool): Step<EvaluateBody, "base"> {
  return {
    kind: evaluate,
    async run({ dataset: selector, layers, loss, batch }, context) {
      const dataset = select(datasets, selector);
      const basePath = await requiredInput(context, "base");
      return await pool.run(
        { type: "evaluate", dataset: dataset.location, layers, loss, batch, basePath },
        context.signal,
        (fraction, text) => context.progress(fraction, text),
      );
    },
  };
}
