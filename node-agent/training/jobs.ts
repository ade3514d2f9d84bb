import { readFile, writeFile } from "node:fs/promises";
import { seeded } from "#aggregation/random/random.js";
import { decodeTensors, encodeTensors, type Tensor } from "#aggregation/tensors/safetensors.js";
import { ComityError } from "#kernel/errors.js";
import type { SiteId } from "#kernel/ids.js";
import type { Layers } from "#proto/codec/work.js";
import type { EvaluateBody } from "#proto/work/evaluate.js";
import type { TrainBody } from "#proto/work/train.js";
import type { DatasetLocation } from "../data/datasets.js";
import type { RowCache } from "../data/row-cache.js";
import { type ControlFiles, ControlVariates, writeControlled } from "./control.js";
import type { LossName } from "./losses.js";
import { Model } from "./model.js";
import { evaluate, type LoopHooks, train } from "./trainer.js";

/** Trains the base model on the site's rows and writes the update to `updatePath`. */
interface TrainJob extends Pick<TrainBody, "layers" | "local" | "seed"> {
  readonly type: "train";
  readonly dataset: DatasetLocation;
  readonly site: SiteId;
  readonly draw: number;
  readonly basePath: string;
  readonly updatePath: string;
  /** Set where the steps are corrected by control variates. */
  readonly control: ControlFiles | undefined;
}

/** Measures the base model on the site's test rows. */
interface EvaluateJob extends Pick<EvaluateBody, "layers" | "loss" | "batch"> {
  readonly type: "evaluate";
  readonly dataset: DatasetLocation;
  readonly basePath: string;
}

export type Job = TrainJob | EvaluateJob;

/** What comes of a job. */
export interface JobAnswer {
  readonly samples: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** Does one job on the current back end. */
export async function runJob(job: Job, cache: RowCache, hooks: LoopHooks): Promise<JobAnswer> {
  switch (job.type) {
    case "train":
      return runTrain(job, cache, hooks);
    case "evaluate":
      return runEvaluate(job, cache, hooks);
  }
}

async function runTrain(job: TrainJob, cache: RowCache, hooks: LoopHooks): Promise<JobAnswer> {
  const { local, site, draw } = job;
  hooks.progress(0, "loading rows");
  const rows = await cache.load(job.dataset, "train");
  hooks.checkCancelled();
  return withModel(job.layers, local.loss, job.basePath, async (model) => {
    const variates = job.control && (await ControlVariates.read(model.specs, job.control));
    const before = variates === undefined ? [] : model.tensors();
    const options = {
      ...local,
      shift: variates?.shift,
      random: seeded("train", job.seed, draw, site),
    };
    const { metrics, steps } = train(model, rows, options, hooks);
    const after = model.tensors();
    checkFinite(after);
    if (job.control === undefined || variates === undefined)
      await writeFile(job.updatePath, encodeTensors(after));
    else {
      const changes = variates.after(before, after, steps, local.learningRate);
      checkFinite(changes.delta);
      await writeControlled(job.updatePath, after, changes, job.control.nextStatePath);
    }
    return { samples: rows.count, figures: { ...metrics, ...(local.steps === true && { steps }) } };
  });
}

/** The hub would refuse the update; the site should hear of it first. */
function checkFinite(tensors: readonly Tensor[]): void {
  for (const { name, values } of tensors) {
    if (values.every(Number.isFinite)) continue;
    throw new ComityError(
      "UPDATE_NOT_FINITE",
      `After training, ${name} holds a value that is no finite number.`,
      {
        hint: "Train with a lower learning rate, and check that the features are scaled.",
      },
    );
  }
}

async function runEvaluate(job: EvaluateJob, cache: RowCache, hooks: LoopHooks): Promise<JobAnswer> {
  hooks.progress(0, "loading rows");
  const rows = await cache.load(job.dataset, "test");
  hooks.checkCancelled();
  return withModel(job.layers, job.loss, job.basePath, (model) => {
    return Promise.resolve({ samples: rows.count, figures: evaluate(model, rows, job, hooks) });
  });
}

async function withModel<T>(
  layers: Layers,
  loss: LossName,
  basePath: string,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const model = await Model.build(layers, loss);
  try {
    model.load(decodeTensors(await readFile(basePath)));
    return await use(model);
  } finally {
    model.dispose();
  }
}
