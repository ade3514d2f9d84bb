import { z } from "zod";
import { describeLayers } from "#aggregation/topology/describe.js";
import { datasetSelectorSchema, layersSchema, localTrainingSchema } from "#proto/codec/work.js";
import type { Kind } from "./kind.js";

const bodySchema = z.strictObject({
  dataset: datasetSelectorSchema,
  layers: layersSchema,
  local: localTrainingSchema
    .extend({
      /** The weight of the proximal term (FedProx, Li et al. 2020, arXiv 1812.06127). */
      prox: z.number().min(0).max(1e6).optional(),
      /** Steps are corrected by control variates (SCAFFOLD, Karimireddy et al. 2020, arXiv 1910.06378). */
      control: z.literal(true).optional(),
      /** The answer has the figure `steps`: how many steps the optimizer has taken. */
      steps: z.literal(true).optional(),
    })
    // FedNova divides by them.
    .refine(({ epochs, steps }) => steps === undefined || epochs > 0, {
      path: ["epochs"],
      message: "must be at least 1 where the steps are counted: none cannot be divided by",
    }),
  /** Seeds the shuffles; the agent mixes in the draw and its site. */
  seed: z.int().min(0),
});

export type TrainBody = z.output<typeof bodySchema>;

/** Federated training: the base model in, the site's update out. */
export const train: Kind<TrainBody, "base" | "control"> = {
  name: "train",
  purpose: "Trains a model on the site's training rows and sends back its weights.",
  body: bodySchema,
  requires: ({ local }) => [
    ...(local.prox === undefined ? [] : ["train:prox"]),
    ...(local.control === undefined ? [] : ["train:control"]),
    ...(local.steps === undefined ? [] : ["train:steps"]),
  ],
  inputs: {
    base: { required: true, fetch: "start", purpose: "the model to begin with" },
    control: { required: false, fetch: "start", purpose: "the server's control variates" },
  },
  facts: ({ dataset, local }) => ({ dataset, rows: "train", passes: local.epochs }),
  answer: {
    leaves: "update",
    weight: "rows",
    figures: { most: 64, how: "mean", shown: "each" },
    tensors({ layers, local }) {
      const model = describeLayers(layers).tensors;
      return local.control === undefined ? { model } : { model, control: model };
    },
    keeps: ({ local }) => local.control !== undefined,
    kept: "folded",
  },
  words: {
    doing: "train",
    working: "trains",
    done: (samples) => `has delivered its update from ${samples} rows`,
  },
};
