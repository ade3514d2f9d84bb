import { isDeepStrictEqual } from "node:util";
import { isObject, type Json } from "#kernel/json.js";
import { arrayFault, numberFault, objectFault, textFault } from "./keywords.js";
import { fault, type Inner, listOf, type Schema } from "./parts.js";
import { Refused } from "./refused.js";
import { resolve } from "./resolve.js";

/** What an honest schema needs by far; one that refers to itself without end, or twice at each level, needs more. */
const limits = { maxSteps: 30_000, maxDepth: 128 } as const;

/**
 * Why a value does not fit a JSON Schema (draft 2020-12, and `items` as a list of older drafts); undefined when it does. `format` and
 * `default` say nothing about whether it fits. Interpreted, never compiled to code; patterns run in linear time (RE2); a schema that
 * takes too many steps is refused, and so is one that points elsewhere.
 */
export function violation(schema: Json, value: Json): string | undefined {
  try {
    return new Validation(schema).check(schema, value, "", new Set(), 0);
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.message;
    throw thrown;
  }
}

/** Checks the parts of one value. Keywords of arrays and objects come back to it for what is inside. */
class Validation {
  readonly root: Json;
  #steps = 0;

  constructor(root: Json) {
    this.root = root;
  }

  /** The first fault. `seen` collects the keys and places that some schema has looked at, for `unevaluated…`. */
  check(schema: Json, value: Json, at: string, seen: Set<string>, depth: number): string | undefined {
    this.#steps += 1;
    if (this.#steps > limits.maxSteps || depth > limits.maxDepth)
      throw new Refused("The schema takes too many steps to check; does it refer to itself?");
    if (typeof schema === "boolean") return schema ? undefined : fault(at, "is not allowed");
    if (!isObject(schema)) throw new Refused("A schema must be an object, true or false.");
    const inner = (part: Json, of: Json, where: string, into: Set<string> = new Set()): string | undefined =>
      this.check(part, of, where, into, depth + 1);
    return (
      this.#referred(schema, value, at, seen, depth) ??
      plainFault(schema, value, at) ??
      combined(schema, value, at, seen, inner) ??
      (typeof value === "string" ? textFault(schema, value, at) : undefined) ??
      (typeof value === "number" ? numberFault(schema, value, at) : undefined) ??
      (Array.isArray(value) ? arrayFault(schema, value, at, seen, inner) : undefined) ??
      (isObject(value) ? objectFault(schema, value, at, seen, inner) : undefined)
    );
  }

  #referred(schema: Schema, value: Json, at: string, seen: Set<string>, depth: number): string | undefined {
    for (const key of ["$ref", "$dynamicRef"]) {
      const ref = schema[key];
      if (typeof ref !== "string") continue;
      const found = new Set<string>();
      const why = this.check(resolve(this.root, ref), value, at, found, depth + 1);
      if (why !== undefined) return why;
      for (const one of found) seen.add(one);
    }
    return undefined;
  }
}

function plainFault(schema: Schema, value: Json, at: string): string | undefined {
  const { type, enum: allowed, const: only } = schema;
  if (type !== undefined) {
    const types = Array.isArray(type) ? (type as readonly Json[]) : [type];
    if (!types.some((name) => hasType(value, name)))
      return fault(at, `must be ${types.map(String).join(" or ")}, and is ${typeOf(value)}`);
  }
  if (Array.isArray(allowed) && !allowed.some((one) => isDeepStrictEqual(one, value)))
    return fault(at, `must be one of ${JSON.stringify(allowed).slice(0, 200)}`);
  if (only !== undefined && !isDeepStrictEqual(only, value))
    return fault(at, `must be ${JSON.stringify(only).slice(0, 200)}`);
  return undefined;
}

/** `allOf`, `anyOf`, `oneOf`, `not` and `if`. */
function combined(
  schema: Schema,
  value: Json,
  at: string,
  seen: Set<string>,
  inner: Inner,
): string | undefined {
  for (const part of listOf(schema["allOf"])) {
    const found = new Set<string>();
    const why = inner(part, value, at, found);
    if (why !== undefined) return why;
    for (const one of found) seen.add(one);
  }
  for (const key of ["anyOf", "oneOf"] as const) {
    const parts = schema[key];
    if (parts === undefined) continue;
    let fitting = 0;
    let first: string | undefined;
    for (const part of listOf(parts)) {
      const found = new Set<string>();
      const why = inner(part, value, at, found);
      first ??= why;
      if (why !== undefined) continue;
      fitting += 1;
      for (const one of found) seen.add(one);
    }
    if (fitting === 0) return fault(at, `fits none of the schemas of ${key} (${first ?? "there are none"})`);
    if (key === "oneOf" && fitting > 1)
      return fault(at, `fits ${fitting} schemas of oneOf, and must fit one`);
  }
  const { not, if: condition } = schema;
  if (not !== undefined && inner(not, value, at) === undefined)
    return fault(at, "fits the schema that it must not fit (not)");
  if (condition === undefined) return undefined;
  const found = new Set<string>();
  const holds = inner(condition, value, at, found) === undefined;
  if (holds) for (const one of found) seen.add(one);
  const then = schema[holds ? "then" : "else"];
  return then === undefined ? undefined : inner(then, value, at, seen);
}

function hasType(value: Json, name: Json): boolean {
  if (name === "integer") return typeof value === "number" && Number.isInteger(value);
  return name === typeOf(value);
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
