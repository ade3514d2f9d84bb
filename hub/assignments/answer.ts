import { AggregationError } from "#aggregation/errors.js";
import { checkSchema } from "#aggregation/tensors/schema.js";
import { tensorLimits, type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";
import { ComityError } from "#kernel/errors.js";
import { limits } from "#proto/codec/work.js";
import type { AnswerHeader, Assignment } from "./model.js";

/** Throws when an answer cannot be right, before its first byte: base model, sample count, metrics, size and tensors. */
export function checkHeader(
  header: AnswerHeader,
  assignment: Assignment,
  expected: readonly TensorSpec[] | undefined,
  maxSamples: number,
): void {
  if (header.baseSha256 !== assignment.base.sha256) {
    throw new ComityError(
      "UPDATE_BASE_WRONG",
      `The answer was made from model ${header.baseSha256.slice(0, 12)}, but the assignment says ${assignment.base.sha256.slice(0, 12)}.`,
      { hint: "Fetch the base model of the offer and do the work again." },
    );
  }
  if (
    !Number.isSafeInteger(header.samples) ||
    header.samples < 1 ||
    header.samples > Math.min(limits.samples, maxSamples)
  ) {
    throw new ComityError(
      "UPDATE_SAMPLES_WRONG",
      `The sample count ${header.samples} is not possible: it must be a whole number from 1 to ${Math.min(limits.samples, maxSamples)}.`,
      { hint: "Count the rows that the work used; the site's catalogue bounds them." },
    );
  }
  for (const [name, value] of Object.entries(header.metrics)) {
    if (!Number.isFinite(value))
      throw new ComityError(
        "UPDATE_NOT_FINITE",
        `The metric ${JSON.stringify(name.slice(0, 60))} is not a finite number.`,
      );
  }
  if (expected === undefined) {
    if (header.update !== undefined)
      throw new ComityError("UPDATE_SCHEMA_WRONG", `An answer of kind ${assignment.kind} has no update.`);
    return;
  }
  if (header.update === undefined)
    throw new ComityError("UPDATE_SCHEMA_WRONG", `An answer of kind ${assignment.kind} must have an update.`);
  asComityError(() => checkSchema(header.tensors, expected));
  const dataBytes = totalBytes(expected);
  const { sizeBytes } = header.update;
  if (sizeBytes <= dataBytes || sizeBytes > dataBytes + tensorLimits.headerBytes + 8) {
    throw new ComityError(
      "UPLOAD_SIZE_WRONG",
      `The update is said to have ${sizeBytes} bytes; its tensors alone have ${dataBytes}.`,
      {
        hint: "Send a safetensors file of exactly the tensors declared.",
      },
    );
  }
}

/** Calls the mathematics; its errors become Comity's. */
export function asComityError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AggregationError) throw new ComityError(error.code, error.message, { cause: error });
    throw error;
  }
}

/** Faults of an answer that the same site would repeat: its assignment ends as failed. */
export const finalFaults: ReadonlySet<string> = new Set([
  "UPDATE_MALFORMED",
  "UPDATE_SCHEMA_WRONG",
  "UPDATE_NOT_FINITE",
  "UPDATE_BASE_WRONG",
  "UPDATE_SAMPLES_WRONG",
  "UPLOAD_SIZE_WRONG",
]);
