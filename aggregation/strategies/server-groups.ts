import type { TensorSpec } from "../tensors/spec.js";

/** The model's tensors in float64: how a server keeps one number for each of the model's. */
export const inFloat64 = (model: readonly TensorSpec[]): readonly TensorSpec[] =>
  model.map((spec) => ({ ...spec, dtype: "F64" }));
