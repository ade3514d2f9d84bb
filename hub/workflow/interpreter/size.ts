import type { Json } from "#kernel/json.js";
import { sizeOf } from "#kernel/json-size.js";
import { fault } from "./errors.js";

/** What a task may give, or a context hold, in bytes of JSON, roughly. One answer of a service may have 4 MiB. */
const maxValueBytes = 8 << 20;

/** Throws a fault of type `runtime` for a value that is too large to be carried about. */
export function checkSize(value: Json, noun: string): void {
  if (sizeOf(value) <= maxValueBytes) return;
  throw fault(
    "runtime",
    `${noun} is larger than ${maxValueBytes >> 20} MiB`,
    "Keep large data in results or models, and pass on where they are.",
  );
}
