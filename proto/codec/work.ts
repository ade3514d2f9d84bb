import { z } from "zod";

/** Limits that hold at the hub and at the agent alike. */
export const limits = {
  /** Rows that one answer may stand for. */
  samples: 2 ** 31 - 1,
  /** Tensors of one model. */
  tensors: 10_000,
} as const;

/** The version of the protocol in proto/comity/v1. */
export const protocolVersion = 1;

/** What a hub announces in Welcome that takes the events of sites. */
export const eventsCapability = "events";

/** What a hub announces in Welcome that takes small answers over the session, and acknowledges them there. */
export const answersCapability = "answers";

/** What an agent announces that seeds what it draws by an offer's `draw`, and not by its round. */
export const drawCapability = "draw";

/** The layers of a model as Keras writes them (`class_name` and `config`); checked in full by `aggregation/topology`. */
export const layersSchema = z
  .array(z.looseObject({ class_name: z.string(), config: z.record(z.string(), z.unknown()) }))
  .min(1)
  .max(200);

/** How a site trains on its own rows. */
export const localTrainingSchema = z.strictObject({
  /** Passes over the site's training rows; 0 sends the base model back as it came. */
  epochs: z.int().min(0).max(1000).default(1),
  batch: z.int().min(1).max(65_536).default(32),
  optimizer: z.enum(["sgd"]).default("sgd"),
  learningRate: z.number().positive().max(100).default(0.1),
  loss: z
    .enum(["categoricalCrossentropy", "binaryCrossentropy", "meanSquaredError"])
    .default("categoricalCrossentropy"),
});

/** Which of a site's datasets the work is for: by name, or by labels that must all match. */
export const datasetSelectorSchema = z
  .strictObject({
    name: z.string().min(1).max(128).optional(),
    labels: z.record(z.string(), z.string()).optional(),
  })
  .refine((selector) => selector.name !== undefined || Object.keys(selector.labels ?? {}).length > 0, {
    message: "give a dataset's `name`, or `labels` that it must have",
  });

export type Layers = z.infer<typeof layersSchema>;
export type LocalTraining = z.infer<typeof localTrainingSchema>;
export type DatasetSelector = z.infer<typeof datasetSelectorSchema>;
