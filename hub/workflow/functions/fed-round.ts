import { type RoundArgument, roundSchema } from "#hub/rounds/plan.js";
import { roundTask } from "#hub/rounds/training.js";
import type { Federated } from "./federated.js";

/** `fed.round`: one round, for workflows that decide after each round how to go on. */
export const fedRound: Federated<RoundArgument> = {
  kind: "round",
  purpose: "Trains a model at the sites for one round, and makes its next version.",
  argument: roundSchema,
  task: roundTask,
};
