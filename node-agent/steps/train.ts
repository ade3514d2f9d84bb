import { constants } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { train, type TrainBody } from "#proto/work/train.js";
import { type Dataset, select } from "../data/datasets.js";
import type { TrainingPool } from "../training/pool.js";
import { requiredInput, type Step } from "./step.js";

/** Trains the base model on the site's own rows and answers with the update. */
export function trainStep(
  datasets: readonly Dataset[],
  pool: TrainingPool,
): Step<TrainBody, "base" | "control"> {
  return {
    kind: train,
    async run({ dataset: selector, layers, local, seed }, context) {
      const { site, draw, directory, signal } = context;
      const dataset = select(datasets, selector);
      const basePath = await requiredInput(context, "base");
      const updatePath = join(directory, "update.safetensors");
      if (local.epochs === 0) {
        const { train } = await dataset.counts();
        await copyFile(basePath, updatePath, constants.COPYFILE_FICLONE);
        return { samples: train, figures: {}, updatePath };
      }
      const model = { layers, local, seed, site, draw, basePath, updatePath };
      const { samples, metrics } = await pool.run(
        { type: "train", dataset: dataset.location, ...model },
        signal,
        (fraction, text) => context.progress(fraction, text),
      );
      return { samples, figures: { ...metrics }, updatePath };
    },
  };
}
