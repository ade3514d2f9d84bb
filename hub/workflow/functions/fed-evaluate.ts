import { type EvaluateArgument, evaluateSchema } from "#hub/rounds/plan.js";
import { evaluateTask } from "#hub/rounds/training.js";
import type { Federated } from "./federated.js";

/** `fed.evaluate`: what a model version is worth on the sites' own test rows. */
export const fedEvaluate: Federated<EvaluateArgument> = {
  kind: "evaluate",
  purpose: "Tests a version of a model on the sites' own test rows.",
  argument: evaluateSchema,
  task: evaluateTask,
};
