import { pattern } from "#hub/workflow/expression/pattern.js";
import { canonicalJson, isObject, type Json } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import { fault, type Inner, listOf, type Schema } from "./parts.js";
import { Refused } from "./refused.js";

/** Keywords of texts; lengths are in code points. */
export function textFault(schema: Schema, value: string, at: string): string | undefined {
  const { pattern: wanted } = schema;
  const length = Array.from(value).length;
  if (length < least(schema["minLength"])) return fault(at, `is shorter than ${least(schema["minLength"])}`);
  if (length > most(schema["maxLength"])) return fault(at, `is longer than ${most(schema["maxLength"])}`);
  if (typeof wanted === "string" && !matches(wanted, value)) return fault(at, `does not match ${wanted}`);
  return undefined;
}

/** Keywords of numbers. */
export function numberFault(schema: Schema, value: number, at: string): string | undefined {
  const { exclusiveMinimum: above, exclusiveMaximum: below, multipleOf } = schema;
  if (value < least(schema["minimum"])) return fault(at, `is less than ${least(schema["minimum"])}`);
  if (value > most(schema["maximum"])) return fault(at, `is more than ${most(schema["maximum"])}`);
  if (typeof above === "number" && value <= above) return fault(at, `must be more than ${above}`);
  if (typeof below === "number" && value >= below) return fault(at, `must be less than ${below}`);
  if (typeof multipleOf !== "number") return undefined;
  const quotient = value / multipleOf;
  // 0.3 / 0.1 is not quite 3.
  return Math.abs(quotient - Math.round(quotient)) > 1e-9 * Math.max(1, Math.abs(quotient))
    ? fault(at, `is no multiple of ${multipleOf}`)
    : undefined;
}

/** Keywords of lists. */
export function arrayFault(
  schema: Schema,
  value: readonly Json[],
  at: string,
  seen: Set<string>,
  inner: Inner,
): string | undefined {
  const { items, prefixItems, contains, uniqueItems, unevaluatedItems } = schema;
  if (value.length < least(schema["minItems"]))
    return fault(at, `has fewer than ${least(schema["minItems"])} items`);
  if (value.length > most(schema["maxItems"]))
    return fault(at, `has more than ${most(schema["maxItems"])} items`);
  const prefix = listOf(prefixItems ?? items);
  const rest = Array.isArray(items) ? schema["additionalItems"] : items;
  for (const [place, item] of value.entries()) {
    const part = prefix[place] ?? rest;
    if (part === undefined) continue;
    seen.add(String(place));
    const why = inner(part, item, `${at}/${place}`);
    if (why !== undefined) return why;
  }
  if (contains !== undefined) {
    const fitting = [...value.keys()].filter(
      (place) => inner(contains, value[place] ?? null, `${at}/${place}`) === undefined,
    );
    for (const place of fitting) seen.add(String(place));
    const min = least(schema["minContains"] ?? 1);
    if (fitting.length < min)
      return fault(at, `has ${fitting.length} items that fit contains, and needs ${min}`);
    if (fitting.length > most(schema["maxContains"]))
      return fault(at, "has too many items that fit contains");
  }
  if (uniqueItems === true && new Set(value.map(canonicalJson)).size < value.length)
    return fault(at, "has the same item twice");
  if (unevaluatedItems === undefined) return undefined;
  for (const [place, item] of value.entries()) {
    if (seen.has(String(place))) continue;
    const why = inner(unevaluatedItems, item, `${at}/${place}`);
    if (why !== undefined) return why;
    seen.add(String(place));
  }
  return undefined;
}

/** Keywords of objects. */
export function objectFault(
  schema: Schema,
  value: Schema,
  at: string,
  seen: Set<string>,
  inner: Inner,
): string | undefined {
  const { propertyNames, unevaluatedProperties } = schema;
  const keys = Object.keys(value);
  const missing = requiredKeys(schema, value).find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return fault(at, `needs the property ${JSON.stringify(missing)}`);
  if (keys.length < least(schema["minProperties"])) return fault(at, "has too few properties");
  if (keys.length > most(schema["maxProperties"])) return fault(at, "has too many properties");
  for (const key of keys) {
    const why =
      (propertyNames === undefined ? undefined : inner(propertyNames, key, `${at} (the name ${key})`)) ??
      propertyFault(schema, value, key, at, seen, inner);
    if (why !== undefined) return why;
  }
  for (const [key, part] of entriesOf(schema["dependentSchemas"])) {
    const found = new Set<string>();
    const why = Object.hasOwn(value, key) ? inner(part, value, at, found) : undefined;
    if (why !== undefined) return why;
    for (const one of found) seen.add(one);
  }
  if (unevaluatedProperties === undefined) return undefined;
  for (const key of keys) {
    if (seen.has(key)) continue;
    const why = inner(unevaluatedProperties, value[key] ?? null, `${at}/${pointerPart(key)}`);
    if (why !== undefined) return why;
    seen.add(key);
  }
  return undefined;
}

function propertyFault(
  schema: Schema,
  value: Schema,
  key: string,
  at: string,
  seen: Set<string>,
  inner: Inner,
): string | undefined {
  const { properties, additionalProperties } = schema;
  const parts: Json[] = entriesOf(schema["patternProperties"])
    .filter(([pattern]) => matches(pattern, key))
    .map(([, part]) => part);
  if (isObject(properties) && Object.hasOwn(properties, key)) parts.push(properties[key] ?? true);
  if (parts.length === 0 && additionalProperties !== undefined) parts.push(additionalProperties);
  if (parts.length > 0) seen.add(key);
  for (const part of parts) {
    const why = inner(part, value[key] ?? null, `${at}/${pointerPart(key)}`);
    if (why !== undefined) return why;
  }
  return undefined;
}

function requiredKeys(schema: Schema, value: Schema): readonly string[] {
  const dependent = entriesOf(schema["dependentRequired"]).flatMap(([key, needed]) =>
    Object.hasOwn(value, key) ? listOf(needed) : [],
  );
  return [...listOf(schema["required"]), ...dependent].filter((key) => typeof key === "string");
}

const entriesOf = (value: Json | undefined): [string, Json][] =>
  isObject(value) ? Object.entries(value) : [];
const least = (value: Json | undefined): number =>
  typeof value === "number" ? value : Number.NEGATIVE_INFINITY;
const most = (value: Json | undefined): number =>
  typeof value === "number" ? value : Number.POSITIVE_INFINITY;

function matches(source: string, text: string): boolean {
  try {
    return pattern(source).test(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refused(`The schema has a pattern that RE2 does not know: ${source.slice(0, 80)} (${why}).`);
  }
}
