import { z } from "zod";
import { type PlanInput, planSchema } from "#hub/federated/functions/train.js";
import { readConfig } from "#kernel/config.js";

/**
 * Reads a plan file and gives it back as its author wrote it, checked: the hub fills in the defaults, so that a plan means the
 * same whoever sends it. Throws `PLAN_INVALID` with `file:line:column` and the allowed values for each fault.
 */
export async function readPlan(path: string): Promise<{ name: string; plan: PlanInput }> {
  let written: unknown;
  const keep = (value: unknown): unknown => (written = value);
  const { name } = await readConfig(path, z.preprocess(keep, planSchema), "PLAN_INVALID");
  // The schema has just accepted this very value.
  return { name, plan: written as PlanInput };
}
