import type { Rounds } from "#hub/rounds/service.js";
import { fedEvaluate } from "./fed-evaluate.js";
import { fedRound } from "./fed-round.js";
import { fedTrain } from "./fed-train.js";
import { type DeclaredFunction, declare, perform } from "./federated.js";
import type { WorkflowFunction } from "../function.js";

/** Every federated function of this version, as the linter knows them: nothing is performed. */
export const declaredFunctions: readonly DeclaredFunction[] = [
  declare(fedTrain),
  declare(fedRound),
  declare(fedEvaluate),
];

/** Every federated function, performed by the hub's rounds. */
export const federatedFunctions = (rounds: Rounds): WorkflowFunction[] => [
  perform(rounds, fedTrain),
  perform(rounds, fedRound),
  perform(rounds, fedEvaluate),
];
