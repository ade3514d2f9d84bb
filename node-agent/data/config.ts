import { z } from "zod";

const classesSchema = z.union([
  z.int().min(2).max(100_000),
  z
    .array(z.string().min(1).max(256))
    .min(2)
    .max(100_000)
    .refine((names) => new Set(names).size === names.length, "each class may be listed once"),
]);

const numberColumnSchema = z.strictObject({
  type: z.enum(["number", "integer"]),
  /** Each value is divided by this, for example 255 for pixels. */
  divide: z
    .number()
    .refine((divisor) => divisor !== 0, "must not be 0")
    .default(1),
});

const categoryColumnSchema = z.strictObject({
  type: z.literal("category"),
  /** The classes by name, or how many there are: then the values are whole numbers from 0. */
  classes: classesSchema,
});

const textColumnSchema = z.strictObject({ type: z.literal("text") });

/** `number`, `integer` or `text` for short, or the long form with its options. */
const columnSchema = z.union([
  z
    .enum(["number", "integer", "text"])
    .transform((type) => (type === "text" ? { type } : { type, divide: 1 })),
  z.discriminatedUnion("type", [numberColumnSchema, categoryColumnSchema, textColumnSchema]),
]);

const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, "lower-case letters, digits, `.`, `_` and `-`");

/** One dataset in agent.yaml. docs/reference/configuration.md explains each key. */
export const datasetConfigSchema = z
  .strictObject({
    name: nameSchema,
    /** The name of a connector; whether there is one, the list of all datasets is asked. */
    connector: z.string().default("csv"),
    /** Relative to the agent's folder. */
    path: z.string().min(1),
    /** What stands between two cells. */
    delimiter: z
      .string()
      .regex(/^[ -!#-~\t]$/, "one character that is not a quote")
      .default(","),
    columns: z.record(z.string().min(1).max(256), columnSchema),
    target: z.string().min(1),
    /** A file of its own for the rows to test on. */
    test: z.string().min(1).optional(),
    /** Or a share of the rows of `path`, drawn by the seed. */
    split: z.strictObject({ test: z.number().gt(0).lt(1), seed: z.int().min(0).default(1) }).optional(),
    labels: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
  })
  .superRefine((config, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: "custom", path: [path], message });
    };
    const target = Object.entries(config.columns).find(([name]) => name === config.target)?.[1];
    if (target === undefined)
      fault("target", `must be one of the columns: ${Object.keys(config.columns).join(", ")}`);
    else if (target.type === "text" || config.target.includes("*")) {
      fault("target", "must be a single column of type number, integer or category");
    }
    const features = Object.entries(config.columns).filter(
      ([name, column]) => name !== config.target && column.type !== "text",
    );
    if (features.length === 0)
      fault("columns", "needs at least one number, integer or category column besides the target");
    for (const name of Object.keys(config.columns)) {
      if (name.split("*").length > 2) fault("columns", `${JSON.stringify(name)} may hold one \`*\` only`);
    }
    if (config.test !== undefined && config.split !== undefined)
      fault("split", "give `test` or `split`, not both");
  });

export type DatasetConfig = z.output<typeof datasetConfigSchema>;
/** A dataset as people write it. */
export type DatasetConfigInput = z.input<typeof datasetConfigSchema>;
export type ColumnSpec = DatasetConfig["columns"][string];
