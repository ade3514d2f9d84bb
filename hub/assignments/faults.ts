import { AggregationError } from "#aggregation/errors.js";
import { ComityError } from "#kernel/errors.js";

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
