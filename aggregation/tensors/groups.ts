import type { TensorSpec } from "./spec.js";

/** Tensors by what they are for, for example `model` and `control`. The first group is what the answer is about. */
export type Groups = Readonly<Record<string, readonly TensorSpec[]>>;

/** The tensors of one group under the names that they have beside others: `group/name`. */
export const prefixed = (group: string, specs: readonly TensorSpec[]): readonly TensorSpec[] =>
  specs.map((spec) => ({ ...spec, name: `${group}/${spec.name}` }));

/** All tensors of some groups as a file holds them: those of the first group by their own names, all others as `group/name`. */
export function groupedTensors(groups: Groups): readonly TensorSpec[] {
  return Object.entries(groups).flatMap(([group, specs], at) => (at === 0 ? specs : prefixed(group, specs)));
}
