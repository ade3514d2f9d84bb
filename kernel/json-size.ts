import { isList, type Json } from "./json.js";

const measured = new WeakMap<object, number>();

/**
 * About how long the JSON of a value is, in UTF-16 units. The value must never be changed: each part is looked at once, however many
 * values it is part of, so that a list of a thousand times the same large value is large, and costs nothing to measure.
 */
export function sizeOf(value: Json): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 4;
  let size = measured.get(value);
  if (size === undefined) {
    size = 2;
    if (isList(value)) for (const item of value) size += sizeOf(item) + 1;
    else for (const key of Object.keys(value)) size += sizeOf(value[key] ?? null) + key.length + 4;
    measured.set(value, size);
  }
  return size;
}
