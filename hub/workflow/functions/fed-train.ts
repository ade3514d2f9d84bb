import { type Plan, planSchema } from "#hub/rounds/plan.js";
import { trainTask } from "#hub/rounds/training.js";
import type { Federated } from "./federated.js";

/** `fed.train`: a whole training, round after round. Its argument is the training plan. */
export const fedTrain: Federated<Plan> = {
  kind: "train",
  purpose: "Trains a new model at the sites, round after round.",
  argument: planSchema,
  task: trainTask,
};
