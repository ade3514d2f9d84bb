import { constants } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeTensors } from "#aggregation/tensors/safetensors.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { type Dataset, select } from "../data/datasets.js";
import { type ControlFiles, ControlVariates, writeControlled } from "../training/control.js";
import type { TrainingPool } from "../training/pool.js";
import { requiredInput, type Step, type StepContext } from "./step.js";

type Input = "base" | "control";

/** Trains the base model on the site's own rows and answers with the update. */
export function trainStep(datasets: readonly Dataset[], pool: TrainingPool): Step<TrainBody, Input> {
  return {
    kind: train,
    capabilities: ["train:prox", "train:control", "train:steps"],
    async run({ dataset: selector, layers, local, seed }, context) {
      const { site, draw, directory, signal } = context;
      const dataset = select(datasets, selector);
      const basePath = await requiredInput(context, "base");
      const updatePath = join(directory, "update.safetensors");
      const control = local.control === undefined ? undefined : await controlFiles(context);
      const kept = control && { statePath: control.nextStatePath };
      if (local.epochs === 0) {
        const { train: samples } = await dataset.counts();
        await sendBack(basePath, updatePath, control);
        return { samples, figures: {}, updatePath, ...kept };
      }
      const model = { layers, local, seed, site, draw, basePath, updatePath, control };
      const { samples, figures } = await pool.run(
        { type: "train", dataset: dataset.location, ...model },
        signal,
        (fraction, text) => context.progress(fraction, text),
      );
      return { samples, figures, updatePath, ...kept };
    },
  };
}

async function controlFiles(context: StepContext<Input>): Promise<ControlFiles> {
  return {
    serverPath: (await context.input("control"))?.path,
    statePath: context.state?.path,
    nextStatePath: join(context.directory, "control.safetensors"),
  };
}

/** No epoch, no step: the base model as it came, without TensorFlow, and no change of the control variates. */
async function sendBack(
  basePath: string,
  updatePath: string,
  control: ControlFiles | undefined,
): Promise<void> {
  if (control === undefined) {
    await copyFile(basePath, updatePath, constants.COPYFILE_FICLONE);
    return;
  }
  const model = decodeTensors(await readFile(basePath));
  const variates = await ControlVariates.read(model, control);
  await writeControlled(updatePath, model, variates.after(model, model, 0, 1), control.nextStatePath);
}
