import { describeLayers, normaliseLayers } from "#aggregation/topology/describe.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { asComityError } from "#hub/assignments/answer.js";
import { onlyStep, parseWorkflow } from "#hub/workflow/definition.js";
import { parseValue } from "#kernel/config.js";
import { parseJson } from "#kernel/json.js";
import type { EvaluateWork, Layers, TrainWork, WorkKind } from "#proto/codec/work.js";
import { type Plan, planSchema } from "./plan.js";

/** A plan made ready: what `fed.train` needs to know of a run, all of it derived from the run's workflow. */
export interface Training {
  readonly plan: Plan;
  /** The model's series and the run's name. */
  readonly name: string;
  readonly layers: Layers;
  readonly tensors: readonly TensorSpec[];
  /** The body of every offer of a kind. */
  readonly workJson: Readonly<Record<WorkKind, string>>;
}

/** Checks a plan in full; throws `PLAN_INVALID` or `MODEL_INVALID` with every fault. */
export function prepareTraining(argument: unknown): Training {
  const plan = parseValue(argument, "plan", planSchema, "PLAN_INVALID");
  return asComityError(() => {
    const layers = normaliseLayers("layers" in plan.model ? plan.model.layers : namedModel(plan.model));
    const { tensors } = describeLayers(layers);
    const { dataset, local, seed } = plan;
    const train: TrainWork = { kind: "train", dataset, layers, local, seed };
    const evaluate: EvaluateWork = { kind: "evaluate", dataset, layers, loss: local.loss, batch: 1000 };
    return {
      plan,
      name: plan.name,
      layers,
      tensors,
      workJson: { train: JSON.stringify(train), evaluate: JSON.stringify(evaluate) },
    };
  });
}

/** The training of a run, from its stored workflow. */
export function trainingOf(workflowBody: string): Training {
  return prepareTraining(onlyStep(parseWorkflow(parseJson(workflowBody))).argument);
}
