import { z } from "zod";
import { datasetSelectorSchema, layersSchema, localTrainingSchema } from "#proto/codec/work.js";

/** Milliseconds from `10m`, `30s`, `500ms` or `2h`. */
const durationSchema = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h)$/, "a duration such as `500ms`, `30s`, `10m` or `2h`")
  .transform(
    (text) =>
      Number.parseInt(text, 10) *
      (text.endsWith("ms") ? 1 : text.endsWith("s") ? 1000 : text.endsWith("m") ? 60_000 : 3_600_000),
  );

/** A model by name, its sizes taken from `input` and `classes`, or layer by layer. */
export const planModelSchema = z.union([
  z.strictObject({
    name: z.enum(["mlp", "logistic", "cnn"]),
    /** One row's shape: `[784]`, or `[28, 28, 1]` for `cnn`. */
    input: z.array(z.int().min(1).max(1_000_000)).min(1).max(4),
    classes: z.int().min(1).max(100_000),
    /** Units of the hidden layers of `mlp`. */
    hidden: z.array(z.int().min(1).max(100_000)).max(20).optional(),
  }),
  z.strictObject({ layers: layersSchema }),
]);

/** The training plan: the argument of `fed.train:1.0.0@default`. docs/reference/plan.md explains each key. */
export const planSchema = z.strictObject({
  /** The run's and the model's name. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and `-`")
    .default("training"),
  dataset: datasetSelectorSchema,
  model: planModelSchema,
  rounds: z.int().min(1).max(100_000).default(10),
  strategy: z.enum(["fedavg"]).default("fedavg"),
  local: localTrainingSchema.prefault({}),
  quorum: z
    .strictObject({
      /** Sites that must deliver; without it, all that were selected. */
      min: z.int().min(1).optional(),
    })
    .prefault({}),
  /** Time for one round's training, and again for its evaluation. */
  deadline: durationSchema.prefault("10m"),
  /** How long a site that has vanished is waited for within a round. */
  grace: durationSchema.prefault("30s"),
  /** `sites`: each new model is evaluated on the sites' test rows. */
  evaluation: z.enum(["sites", "none"]).default("sites"),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
});

export type Plan = z.output<typeof planSchema>;
/** The plan as people write it. */
export type PlanInput = z.input<typeof planSchema>;
export type PlanModel = z.output<typeof planModelSchema>;
