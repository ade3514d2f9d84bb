import { z } from "zod";

/** One key of a configuration file, as its schema has it. */
export interface SchemaKey {
  /** `datasets[].split.test`; `*` stands for any name. */
  readonly path: string;
  /** What a page must say of it: `required`, `none`, or the default as YAML. */
  readonly default: string;
  /** Values that it may have, and bounds of its value, length or count. */
  readonly limits: readonly string[];
}

/** Every key that an object's schema allows, at every depth, those of all alternatives of a union included. */
export function keysOf(schema: z.core.$ZodType): SchemaKey[] {
  const keys = new Map<string, SchemaKey>();
  collect(schema, "", keys);
  return [...keys.values()];
}

/** What is left of a schema without `optional`, defaults and transformations. */
function plain(schema: z.core.$ZodType): z.core.$ZodTypes {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  if (def.type === "optional" || def.type === "default" || def.type === "prefault")
    return plain(def.innerType);
  return def.type === "pipe" ? plain(def.in) : known;
}

function collect(schema: z.core.$ZodType, path: string, keys: Map<string, SchemaKey>): void {
  const { def } = plain(schema)._zod;
  if (def.type === "array") collect(def.element, `${path}[]`, keys);
  if (def.type === "record") collect(def.valueType, `${path}.*`, keys);
  if (def.type === "union") for (const option of def.options) collect(option, path, keys);
  if (def.type !== "object") return;
  for (const [name, value] of Object.entries(def.shape)) {
    const at = path === "" ? name : `${path}.${name}`;
    const limits = new Set([...(keys.get(at)?.limits ?? []), ...limitsOf(value)]);
    keys.set(at, { path: at, default: defaultOf(value), limits: [...limits] });
    collect(value, at, keys);
  }
}

function defaultOf(schema: z.core.$ZodType): string {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "optional") return "none";
  if (def.type === "default" || def.type === "prefault") return `\`${asYaml(def.defaultValue)}\``;
  return "required";
}

function asYaml(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? `[${value.map(asYaml).join(", ")}]` : JSON.stringify(value);
}

function limitsOf(schema: z.core.$ZodType): string[] {
  const { def } = plain(schema)._zod;
  if (def.type === "union") return def.options.flatMap(limitsOf);
  if (def.type === "array") return [...boundsOf(def.checks), ...limitsOf(def.element)];
  if (def.type === "enum") return Object.values(def.entries).map((value) => `\`${value}\``);
  if (def.type === "literal") return def.values.map((value) => `\`${String(value)}\``);
  return boundsOf(def.checks);
}

/** A lower bound of 0 or 1 goes without saying, and so does the range of whole numbers. */
function boundsOf(checks: readonly z.core.$ZodCheck[] = []): string[] {
  return checks.flatMap((check) => {
    const { def } = (check as z.core.$ZodChecks)._zod;
    const bound =
      def.check === "greater_than" || def.check === "less_than"
        ? def.value
        : def.check === "min_length"
          ? def.minimum
          : def.check === "max_length"
            ? def.maximum
            : undefined;
    const isWorthSaying =
      typeof bound === "number" && bound > 1 && Math.abs(bound) !== Number.MAX_SAFE_INTEGER;
    return isWorthSaying ? [bound.toLocaleString("en")] : [];
  });
}
