import { z } from "zod";
import { canonicalJson, type Json } from "#kernel/json.js";
import { train } from "#proto/work/train.js";
import type { FederatedFunction } from "../function.js";
import { dataKeys, layersOf, nameSchema, patienceKeys, planModelSchema, ruleOf } from "../plan.js";
import { choiceOf } from "./strategy.js";
import {
  bodyOf,
  checkTraining,
  evaluationKeys,
  type Training,
  type TrainingState,
  trainingKeys,
  trainingScript,
  versionOf,
} from "./training.js";

/** The training plan: the argument of `fed.train:1.0.0@default`. docs/reference/plan.md explains each key. */
export const planSchema = z.strictObject({
  /** The run's and the model's name. */
  name: nameSchema.default("training"),
  ...dataKeys,
  model: planModelSchema,
  rounds: z.int().min(1).max(100_000).default(10),
  ...trainingKeys,
  ...patienceKeys,
  ...evaluationKeys,
});

export type Plan = z.output<typeof planSchema>;
/** The plan as people write it. */
export type PlanInput = z.input<typeof planSchema>;

/** `fed.train`: a whole training, round after round. Its argument is the training plan. */
export const fedTrain: FederatedFunction<Plan, Training, TrainingState> = {
  name: "fed.train:1.0.0@default",
  purpose: "Trains a new model at the sites, round after round.",
  argument: planSchema,
  check: (plan) => checkTraining(trainingOf(plan)),
  prepare: trainingOf,
  scripts: [
    trainingScript(({ model, position, metrics, samples, sites }, training, written): Json => {
      const { seconds } = written;
      return {
        model: versionOf(model, training, written),
        rounds: position,
        metrics,
        samples,
        sites,
        seconds,
      };
    }),
  ],
  first(plan) {
    const training = trainingOf(plan);
    return { work: train, body: bodyOf(training), rule: training.rule, to: { at: training.at } };
  },
  trains: true,
  rounds: ({ rounds }) => rounds,
  goesOnWith: (before, now) => sameTraining(before) === sameTraining(now),
};

/** Throws `MODEL_INVALID`. */
function trainingOf(plan: Plan): Training {
  const { name, dataset, at, rounds, local, seed, evaluation, strategy, collect } = plan;
  return {
    name,
    dataset,
    at,
    rule: ruleOf(plan),
    rounds,
    strategy: choiceOf(strategy),
    collect,
    local,
    seed,
    evaluates: evaluation === "sites",
    layers: layersOf(plan.model),
    base: null,
  };
}

/** What must be the same for rounds to follow each other: not how many there are, where, and how long one waits. */
const sameTraining = (training: Training): string =>
  canonicalJson({ ...training, rounds: 0, rule: null, at: null, evaluates: false });
