import type { EvaluateWork } from "#proto/codec/work.js";
import { type Dataset, select } from "../data/datasets.js";
import type { TrainingPool } from "../training/pool.js";
import type { Step } from "./step.js";

/** Measures the base model on the site's test rows. */
export function evaluateStep(datasets: readonly Dataset[], pool: TrainingPool): Step<EvaluateWork> {
  return {
    kind: "evaluate",
    async run({ kind, dataset: selector, layers, loss, batch }, context) {
      const { basePath, signal } = context;
      const dataset = select(datasets, selector);
      const job = { kind, dataset: dataset.location, layers, loss, batch, basePath };
      const { samples, metrics } = await pool.run(job, signal, (fraction, text) =>
        context.progress(fraction, text),
      );
      return { samples, metrics: { ...metrics } };
    },
  };
}
