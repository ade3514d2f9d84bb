import { constants } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { TrainWork } from "#proto/codec/work.js";
import { type Dataset, select } from "../data/datasets.js";
import type { TrainingPool } from "../training/pool.js";
import type { Step } from "./step.js";

/** Trains the base model on the site's own rows and answers with the update. */
export function trainStep(datasets: readonly Dataset[], pool: TrainingPool): Step<TrainWork> {
  return {
    kind: "train",
    async run({ kind, dataset: selector, layers, local, seed }, context) {
      const { site, round, directory, basePath, signal } = context;
      const dataset = select(datasets, selector);
      const updatePath = join(directory, "update.safetensors");
      if (local.epochs === 0) {
        const { train } = await dataset.counts();
        await copyFile(basePath, updatePath, constants.COPYFILE_FICLONE);
        return { samples: train, metrics: {}, updatePath };
      }
      const job = { kind, dataset: dataset.location, layers, local, seed, site, round, basePath, updatePath };
      const { samples, metrics } = await pool.run(job, signal, (fraction, text) =>
        context.progress(fraction, text),
      );
      return { samples, metrics: { ...metrics }, updatePath };
    },
  };
}
