import type { WorkflowFunction } from "#hub/workflow/function.js";
import type { FederatedFunction } from "../function.js";
import { fedEvaluate } from "./evaluate.js";
import { fedQuery } from "./query.js";
import { fedRound } from "./round.js";
import { fedTrain } from "./train.js";

/** Every federated function of this release. */
export const functions: readonly FederatedFunction[] = [fedTrain, fedRound, fedEvaluate, fedQuery];

/** What the linter and the docs need to know of a function. */
type DeclaredFunction = Pick<WorkflowFunction, "name" | "purpose" | "argument" | "check">;

export const declared = (fn: FederatedFunction): DeclaredFunction => ({
  name: fn.name,
  purpose: fn.purpose,
  argument: fn.argument,
  check: (given) => fn.check(given),
});

/** The same as the linter knows them: nothing is performed. */
export const declaredFunctions: readonly DeclaredFunction[] = functions.map(declared);
