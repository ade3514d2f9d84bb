import { z } from "zod";
import { datasetSelectorSchema, layersSchema, localTrainingSchema } from "#proto/codec/work.js";
import type { Kind } from "./kind.js";

const bodySchema = z.strictObject({
  dataset: datasetSelectorSchema,
  layers: layersSchema,
  loss: localTrainingSchema.shape.loss,
  batch: z.int().min(1).max(65_536).default(1000),
});

export type EvaluateBody = z.output<typeof bodySchema>;

/** What a model is worth on the site's own test rows. */
export const evaluate: Kind<EvaluateBody, "base"> = {
  name: "evaluate",
  purpose: "Tests a model on the site's test rows and tells the figures.",
  body: bodySchema,
  inputs: { base: { required: true, fetch: "start", purpose: "the model to test" } },
  facts: ({ dataset }) => ({ dataset, rows: "test", passes: 1 }),
  answer: {
    leaves: "aggregate",
    weight: "rows",
    figures: { most: 64, how: "mean", shown: "each" },
    kept: "folded",
  },
  words: {
    doing: "evaluate",
    working: "tests the new model",
    done: (samples) => `has evaluated on ${samples} rows`,
  },
};
