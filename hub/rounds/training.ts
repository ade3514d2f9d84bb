import type { BlobRef, CallRef } from "#kernel/refs.js";
import { describeLayers, normaliseLayers } from "#aggregation/topology/describe.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import type { TensorSpec } from "#aggregation/tensors/spec.js";
import { asComityError } from "#hub/assignments/answer.js";
import type { At } from "#hub/routing/at.js";
import { parseValue } from "#kernel/config.js";
import {
  type DatasetSelector,
  type EvaluateWork,
  type Layers,
  type LocalTraining,
  localTrainingSchema,
  type TrainWork,
  type WorkKind,
} from "#proto/codec/work.js";
import {
  type EvaluateArgument,
  evaluateSchema,
  type ModelVersionName,
  type Plan,
  type PlanModel,
  planSchema,
  type Quorum,
  type RoundArgument,
  roundSchema,
} from "./plan.js";

/** The federated functions, by what they do. */
export type FederatedKind = "train" | "round" | "evaluate";

/** What a federated function is asked to do: its argument in full, in the form that all three share. */
export interface Task {
  readonly kind: FederatedKind;
  /** The series of the model; undefined where the version that it begins with says it. */
  readonly name: string | undefined;
  readonly dataset: DatasetSelector;
  readonly at: At;
  readonly quorum: Quorum;
  readonly deadlineMs: number;
  readonly graceMs: number;
  /** Rounds of this call. */
  readonly rounds: number;
  /** Whether new models are evaluated at the sites. */
  readonly evaluates: boolean;
  readonly local: LocalTraining;
  readonly seed: number;
  /** What it begins with: a new model's layers, or the name of a version that the hub has. */
  readonly model: { readonly layers: Layers } | ModelVersionName;
}

/** A task made ready: its model is known, and what the sites are to be told. All of it comes from the store. */
export interface Training extends Task, CallRef {
  readonly runName: string;
  /** When the call was made. */
  readonly createdAtMs: number;
  readonly name: string;
  readonly layers: Layers;
  readonly tensors: readonly TensorSpec[];
  /** The model that the first round begins with; undefined: a new one is made from the seed. */
  readonly base: BlobRef | undefined;
  /** The body of every offer of a kind. */
  readonly workJson: Readonly<Record<WorkKind, string>>;
}

/** Reads the argument of a federated function in full; throws `PLAN_INVALID` or `MODEL_INVALID` with every fault. */
export function readTask(kind: FederatedKind, argument: unknown): Task {
  switch (kind) {
    case "train":
      return trainTask(parseValue(argument, "plan", planSchema, "PLAN_INVALID"));
    case "round":
      return roundTask(parseValue(argument, "with", roundSchema, "PLAN_INVALID"));
    case "evaluate":
      return evaluateTask(parseValue(argument, "with", evaluateSchema, "PLAN_INVALID"));
  }
}

/** The task of `fed.train`. Throws `MODEL_INVALID`. */
export const trainTask = (plan: Plan): Task => ({
  ...trainingTask(plan),
  kind: "train",
  model: { layers: layersOf(plan.model) },
  rounds: plan.rounds,
});

/** The task of `fed.round`. Throws `MODEL_INVALID`. */
export const roundTask = (argument: RoundArgument): Task => ({
  ...trainingTask(argument),
  kind: "round",
  model:
    "layers" in argument.model || "input" in argument.model
      ? { layers: layersOf(argument.model) }
      : argument.model,
  rounds: 1,
});

/** The task of `fed.evaluate`. */
export function evaluateTask({ loss, deadline, grace, ...rest }: EvaluateArgument): Task {
  const local = localTrainingSchema.parse({ loss });
  const times = { deadlineMs: deadline, graceMs: grace };
  return { ...rest, ...times, kind: "evaluate", name: undefined, rounds: 1, evaluates: true, local, seed: 0 };
}

function trainingTask(argument: Plan | RoundArgument): Omit<Task, "kind" | "model" | "rounds"> {
  const { name, dataset, at, quorum, local, seed, evaluation, deadline, grace } = argument;
  const evaluates = evaluation === "sites";
  return { name, dataset, at, quorum, deadlineMs: deadline, graceMs: grace, evaluates, local, seed };
}

/** What the sites are to be told of a task whose model is known, and the tensors that they must send. */
export function describeWork(
  { dataset, local, seed }: Task,
  layers: Layers,
): Pick<Training, "layers" | "tensors" | "workJson"> {
  const train: TrainWork = { kind: "train", dataset, layers, local, seed };
  const evaluate: EvaluateWork = { kind: "evaluate", dataset, layers, loss: local.loss, batch: 1000 };
  const workJson = { train: JSON.stringify(train), evaluate: JSON.stringify(evaluate) };
  return { layers, tensors: asComityError(() => describeLayers(layers)).tensors, workJson };
}

function layersOf(model: PlanModel): Layers {
  return asComityError(() => normaliseLayers("layers" in model ? model.layers : namedModel(model)));
}
