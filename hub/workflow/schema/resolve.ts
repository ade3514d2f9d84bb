import type { Json } from "#kernel/json.js";
import { pointerOfFragment, valueAt } from "#kernel/json-pointer.js";
import { Refused } from "./refused.js";

/** The schema that a `$ref` means: a JSON Pointer or an anchor within the same document. Throws {@link Refused}. */
export function resolve(root: Json, ref: string): Json {
  const found = ref.startsWith("#") ? within(root, ref.slice(1)) : undefined;
  if (found === undefined)
    throw new Refused(
      `The schema refers to ${JSON.stringify(ref.slice(0, 200))}, which it does not contain.`,
    );
  return found;
}

function within(root: Json, fragment: string): Json | undefined {
  const pointer = pointerOfFragment(fragment);
  return pointer === "" || pointer.startsWith("/") ? valueAt(root, pointer) : anchored(root, pointer);
}

function anchored(schema: Json, name: string): Json | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  const { $anchor, $dynamicAnchor } = schema as Readonly<Record<string, Json>>;
  if ($anchor === name || $dynamicAnchor === name) return schema;
  for (const part of Object.values(schema) as readonly Json[]) {
    const found = anchored(part, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
