import type { Workflow } from "#hub/workflow/definition/model.js";
import type { JsonObject } from "#kernel/json.js";
import { fedTrain, type PlanInput } from "./functions/train.js";

/** The workflow of one step that stands for a training plan. */
export function trainingWorkflow(name: string, plan: PlanInput): Workflow {
  return {
    document: { dsl: "1.0.3", namespace: "default", name, version: "1.0.0" },
    // What YAML gives is JSON.
    do: [{ train: { call: fedTrain.name, with: plan as JsonObject } }],
  };
}
