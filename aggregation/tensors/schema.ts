import { AggregationError, quoted } from "../errors.js";
import { describeShape, type TensorSpec } from "./spec.js";

/** A tensor as it was found; its dtype may be any. */
export interface FoundTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/**
 * Throws `UPDATE_SCHEMA_WRONG` unless the tensors are the expected ones, in the expected order.
 * The message names the first tensor that differs, what was expected and what was found.
 */
export function checkSchema(found: readonly FoundTensor[], expected: readonly TensorSpec[]): void {
  const foundNames = new Set(found.map((tensor) => tensor.name));
  const expectedNames = new Set(expected.map((tensor) => tensor.name));
  for (const { name } of expected) {
    if (!foundNames.has(name))
      throw wrong(name, `is missing; the model has ${expected.length} tensors, ${found.length} were found`);
  }
  for (const { name } of found) {
    if (!expectedNames.has(name)) throw wrong(name, "does not belong to the model");
  }
  for (const [place, want] of expected.entries()) {
    const have = found[place];
    if (have?.name !== want.name) {
      throw wrong(
        want.name,
        `is expected at place ${place} (from 0), where ${quoted(have?.name ?? "nothing")} was found: keep the model's order`,
      );
    }
    if (have.dtype !== want.dtype)
      throw wrong(want.name, `must have dtype ${want.dtype}, but has ${quoted(have.dtype)}`);
    if (
      have.shape.length !== want.shape.length ||
      have.shape.some((size, axis) => size !== want.shape[axis])
    ) {
      throw wrong(
        want.name,
        `must have shape ${describeShape(want.shape)}, but has ${describeShape(have.shape)}`,
      );
    }
  }
  const extra = found[expected.length];
  if (extra !== undefined) throw wrong(extra.name, "occurs twice");
}

function wrong(tensor: string, what: string): AggregationError {
  return new AggregationError("UPDATE_SCHEMA_WRONG", `Tensor ${quoted(tensor)} ${what}.`, { tensor });
}
