import type { JsonObject } from "#kernel/json.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import type { PlanInput } from "./plan.js";
import type { FederatedKind } from "./training.js";

/** The federated functions: their names and versions in the hub's own catalogue. */
export const federatedCalls = {
  train: "fed.train:1.0.0@default",
  round: "fed.round:1.0.0@default",
  evaluate: "fed.evaluate:1.0.0@default",
} as const satisfies Record<FederatedKind, string>;

/** Which federated function a call means; undefined for any other. */
export function federatedKind(call: string): FederatedKind | undefined {
  const kinds = Object.keys(federatedCalls) as FederatedKind[];
  return kinds.find((kind) => federatedCalls[kind] === call);
}

/** The workflow of one step that stands for a training plan. */
export function trainingWorkflow(name: string, plan: PlanInput): Workflow {
  return {
    document: { dsl: "1.0.3", namespace: "default", name, version: "1.0.0" },
    // What YAML gives is JSON.
    do: [{ train: { call: federatedCalls.train, with: plan as JsonObject } }],
  };
}
