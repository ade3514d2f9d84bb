import { z } from "zod";
import { normaliseLayers } from "#aggregation/topology/describe.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import { asComityError } from "#hub/assignments/faults.js";
import type { Release, Rule } from "#hub/assignments/stage.js";
import { atSchema } from "#hub/routing/at.js";
import { datasetSelectorSchema, type Layers, layersSchema } from "#proto/codec/work.js";

/** Milliseconds from `10m`, `30s`, `500ms` or `2h`. */
const durationSchema = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h)$/, "a duration such as `500ms`, `30s`, `10m` or `2h`")
  .transform(
    (text) =>
      Number.parseInt(text, 10) *
      (text.endsWith("ms") ? 1 : text.endsWith("s") ? 1000 : text.endsWith("m") ? 60_000 : 3_600_000),
  );

export const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and `-`");

/** A model by name, its sizes taken from `input` and `classes`, or layer by layer. */
export const newModelOptions = [
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

export const planModelSchema = z.union(newModelOptions);

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal characters");

/** A model version that the hub has, as the output of a training names it: by series and number, or by digest. */
export const modelVersionOptions = [
  z.strictObject({
    name: nameSchema,
    version: z.int().min(1),
    sha256: digest.optional(),
    /** Taken with the others from an output; it decides nothing. */
    bytes: z.int().min(0).optional(),
  }),
  z.strictObject({ sha256: digest }),
] as const;

export const modelVersionSchema = z.union(modelVersionOptions);

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

/** Which data, at which sites. */
export const dataKeys = {
  dataset: datasetSelectorSchema,
  /** Which sites; without it, all that have the dataset. */
  at: atSchema.prefault({}),
};

/** When a stage of the function is over. */
export const patienceKeys = {
  quorum: quorumSchema.prefault({}),
  /** Sites that must stand behind whatever is let out; the hub's own least number holds besides. */
  minSites: z.int().min(1).max(10_000).default(1),
  /** Time for one stage: a round's training, and again its evaluation. */
  deadline: durationSchema.prefault("10m"),
  /** How long a site that has vanished is waited for within a round. */
  grace: durationSchema.prefault("30s"),
};

export type PlanModel = z.output<typeof planModelSchema>;
/** A model version as an argument names it. */
export type ModelVersionName = z.output<typeof modelVersionSchema>;

/** The rule of a stage, as the keys of a plan say it. */
export function ruleOf(
  { quorum, minSites, deadline, grace }: z.output<z.ZodObject<typeof patienceKeys>>,
  release: Release = "together",
): Rule {
  const { min, fraction, wait, onShort } = quorum;
  return {
    ...(min !== undefined && { min }),
    ...(fraction !== undefined && { fraction }),
    onShort,
    atLeast: minSites,
    release,
    waitMs: wait,
    deadlineMs: deadline,
    graceMs: grace,
  };
}

/** The layers that a plan names. Throws `MODEL_INVALID`. */
export const layersOf = (model: PlanModel): Layers =>
  asComityError(() => normaliseLayers("layers" in model ? model.layers : namedModel(model)));
