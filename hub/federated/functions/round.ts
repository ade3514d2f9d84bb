import { z } from "zod";
import type { Json } from "#kernel/json.js";
import type { Layers } from "#proto/codec/work.js";
import { train } from "#proto/work/train.js";
import type { FederatedFunction } from "../function.js";
import {
  dataKeys,
  layersOf,
  modelVersionOptions,
  nameSchema,
  newModelOptions,
  patienceKeys,
  ruleOf,
} from "../plan.js";
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

/** The argument of `fed.round:1.0.0@default`: one round, from a new model or from a version that the hub has. */
export const roundSchema = z.strictObject({
  /** The series of the new version; without it, that of the version the round begins with, else `training`. */
  name: nameSchema.optional(),
  ...dataKeys,
  model: z.union([...newModelOptions, ...modelVersionOptions]),
  strategy: trainingKeys.strategy,
  local: trainingKeys.local,
  ...patienceKeys,
  ...evaluationKeys,
});

type RoundArgument = z.output<typeof roundSchema>;

/** `fed.round`: one round, for workflows that decide after each round how to go on. */
export const fedRound: FederatedFunction<RoundArgument, Training, TrainingState> = {
  name: "fed.round:1.0.0@default",
  purpose: "Trains a model at the sites for one round, and makes its next version.",
  argument: roundSchema,
  check(given) {
    const { model } = given;
    if ("layers" in model || "input" in model) layersOf(model);
    checkTraining({ ...settingsOf(given), name: "", layers: [], base: null });
  },
  async prepare(given, look) {
    const { model, name } = given;
    if ("layers" in model || "input" in model)
      return { ...settingsOf(given), name: name ?? "training", layers: layersOf(model), base: null };
    const version = await look.model(model);
    const layers = JSON.parse(version.layers) as Layers;
    return { ...settingsOf(given), name: name ?? version.model, layers, base: version.blob };
  },
  scripts: [
    trainingScript(({ model, metrics, samples, sites, left }, training, written): Json => {
      const { round } = written;
      const told = left.map(({ site, kind, state, reason }) => ({ site, kind, state, reason }));
      return { model: versionOf(model, training, written), round, metrics, samples, sites, left: told };
    }),
  ],
  trains: true,
  first(given) {
    const settings = { ...settingsOf(given), name: "", layers: [], base: null };
    return { work: train, body: bodyOf(settings), rule: settings.rule, to: { at: settings.at } };
  },
};

function settingsOf(given: RoundArgument): Omit<Training, "name" | "layers" | "base"> {
  const { dataset, at, local, seed, evaluation, strategy } = given;
  return {
    dataset,
    at,
    rule: ruleOf(given),
    rounds: 1,
    strategy: choiceOf(strategy),
    collect: "barrier",
    local,
    seed,
    evaluates: evaluation === "sites",
  };
}
