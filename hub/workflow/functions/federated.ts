import { federatedCalls } from "#hub/rounds/calls.js";
import type { Rounds } from "#hub/rounds/service.js";
import type { FederatedKind, Task } from "#hub/rounds/training.js";
import type { WorkflowFunction } from "../function.js";

/** A federated function, apart from the rounds that do its work. */
export interface Federated<Argument> extends Pick<WorkflowFunction<Argument>, "purpose" | "argument"> {
  readonly kind: FederatedKind;
  /** Throws what the schema cannot tell. */
  readonly task: (argument: Argument) => Task;
}

/** What the linter and the docs need to know of a function. */
export type DeclaredFunction<Argument = unknown> = Pick<
  WorkflowFunction<Argument>,
  "name" | "purpose" | "argument" | "check"
>;

export const declare = <Argument>(function_: Federated<Argument>): DeclaredFunction<Argument> => ({
  name: federatedCalls[function_.kind],
  purpose: function_.purpose,
  argument: function_.argument,
  check: (given) => void function_.task(given),
});

/**
 * A function whose work is done by {@link Rounds}: it goes on from what the store has of its call, so that the same call made again
 * after a crash goes on with the same round.
 */
export const perform = <Argument>(
  rounds: Rounds,
  function_: Federated<Argument>,
): WorkflowFunction<Argument> => ({
  ...declare(function_),
  // The argument that counts is the stored one: late answers are judged by it too.
  perform: (_argument, { runId, effect }, signal) => rounds.perform({ runId, effect }, signal),
  cancel: ({ runId, effect }, reason) => rounds.cancel({ runId, effect }, reason),
  explain: (given) => rounds.explain(function_.task(given)),
});
