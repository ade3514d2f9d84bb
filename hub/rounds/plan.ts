import { z } from "zod";
import { atSchema } from "#hub/routing/at.js";
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

const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and `-`");

/** A model by name, its sizes taken from `input` and `classes`, or layer by layer. */
const newModelOptions = [
  z.strictObject({
    name: z.enum(["mlp", "logistic", "cnn"]),
    /** One row's shape: `[784]`, or `[28, 28, 1]` for `cnn`. */
    input: z.array(z.int().min(1).max(1_000_000)).min(1).max(4),
    classes: z.int().min(1).max(100_000),
    /** Units of the hidden layers of `mlp`. */
    hidden: z.array(z.int().min(1).max(100_000)).max(20).optional(),
  }),
  z.strictObject({ layers: layersSchema }),
] as const;

const planModelSchema = z.union(newModelOptions);

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal characters");

/** A model version that the hub has, as the output of a training names it: by series and number, or by digest. */
const modelVersionOptions = [
  z.strictObject({
    name: nameSchema,
    version: z.int().min(1),
    sha256: digest.optional(),
    /** Taken with the others from an output; it decides nothing. */
    bytes: z.int().min(0).optional(),
  }),
  z.strictObject({ sha256: digest }),
] as const;

const modelVersionSchema = z.union(modelVersionOptions);

/** How many sites a round needs, and what becomes of it when they are too few. */
const quorumSchema = z.strictObject({
  /** Sites that must deliver; without it and `fraction`, all that the round began with. */
  min: z.int().min(1).optional(),
  /** Share of the sites that the round began with, which must deliver. */
  fraction: z.number().positive().max(1).optional(),
  /** How long a round waits for `min` sites to be there before it begins. */
  wait: durationSchema.prefault("0s"),
  /** `fail`: the call fails, which a `try` may catch by status 424. `proceed`: the round goes on with those there are. */
  onShort: z.enum(["fail", "proceed"]).default("fail"),
});

const dataKeys = {
  dataset: datasetSelectorSchema,
  /** Which sites; without it, all that have the dataset. */
  at: atSchema.prefault({}),
};

const trainingKeys = {
  strategy: z.enum(["fedavg"]).default("fedavg"),
  local: localTrainingSchema.prefault({}),
};

const patienceKeys = {
  quorum: quorumSchema.prefault({}),
  /** Time for one round's training, and again for its evaluation. */
  deadline: durationSchema.prefault("10m"),
  /** How long a site that has vanished is waited for within a round. */
  grace: durationSchema.prefault("30s"),
};

const evaluationKeys = {
  /** `sites`: each new model is evaluated on the sites' test rows. */
  evaluation: z.enum(["sites", "none"]).default("sites"),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
};

/** The training plan: the argument of `fed.train:1.0.0@default`. docs/reference/plan.md explains each key. */
export const planSchema = z.strictObject({
  /** The run's and the model's name. */
  name: nameSchema.default("training"),
  ...dataKeys,
  model: planModelSchema,
  rounds: z.int().min(1).max(100_000).default(10),
  ...trainingKeys,
  ...patienceKeys,
  ...evaluationKeys,
});

/** The argument of `fed.round:1.0.0@default`: one round, from a new model or from a version that the hub has. */
export const roundSchema = z.strictObject({
  /** The series of the new version; without it, that of the version the round begins with, else `training`. */
  name: nameSchema.optional(),
  ...dataKeys,
  model: z.union([...newModelOptions, ...modelVersionOptions]),
  ...trainingKeys,
  ...patienceKeys,
  ...evaluationKeys,
});

/** The argument of `fed.evaluate:1.0.0@default`: what a model version is worth on the sites' test rows. */
export const evaluateSchema = z.strictObject({
  ...dataKeys,
  model: modelVersionSchema,
  loss: localTrainingSchema.shape.loss,
  ...patienceKeys,
});

export type Plan = z.output<typeof planSchema>;
/** The plan as people write it. */
export type PlanInput = z.input<typeof planSchema>;
export type PlanModel = z.output<typeof planModelSchema>;
export type RoundArgument = z.output<typeof roundSchema>;
export type EvaluateArgument = z.output<typeof evaluateSchema>;
export type Quorum = z.output<typeof quorumSchema>;
/** A model version as an argument names it. */
export type ModelVersionName = z.output<typeof modelVersionSchema>;
