import { isList, type Json } from "#kernel/json.js";
import { fault } from "./errors.js";

/** What a task may give, or a context hold, in bytes of JSON, roughly. One answer of a service may have 4 MiB. */
const maxValueBytes = 8 << 20;

const measured = new WeakMap<object, number>();

/**
 * About how long the JSON of a value is, in UTF-16 units. Values are never changed, so each part is looked at once, however many values it
 * is part of: a list of a thousand times the same large value is large, and costs nothing to measure.
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

/** Throws a fault of type `runtime` for a value that is too large to be carried about. */
export function checkSize(value: Json, noun: string): void {
  if (sizeOf(value) <= maxValueBytes) return;
  throw fault(
    "runtime",
    `${noun} is larger than ${maxValueBytes >> 20} MiB`,
    "Keep large data in results or models, and pass on where they are.",
  );
}
