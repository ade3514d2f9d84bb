import { z } from "zod";
import { weightedMetrics } from "#aggregation/statistics/weighted.js";
import { answerFault } from "#aggregation/strategies/fault.js";
import type { Inputs, Rule } from "#hub/assignments/stage.js";
import type { At } from "#hub/routing/at.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef } from "#kernel/refs.js";
import { counted } from "#kernel/words.js";
import { datasetSelectorSchema, type Layers, localTrainingSchema } from "#proto/codec/work.js";
import { evaluate } from "#proto/work/evaluate.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { type CollectPlan, collectBy, collectSchema } from "../collect/collect.js";
import { sitesBehind } from "../collect/collected.js";
import { neededToEnd } from "../collect/quorum.js";
import {
  type Answer,
  ask,
  type Begun,
  type Collected,
  fold,
  type Left,
  type Play,
  type Script,
  type Turn,
  type Written,
} from "../script.js";
import { checkChoice, type StrategyChoice, strategyOf, strategySchema } from "./strategy.js";

/** How sites train, and what becomes of what they send. */
export const trainingKeys = {
  strategy: strategySchema.default("fedavg"),
  collect: collectSchema.default("barrier"),
  local: localTrainingSchema.prefault({}),
};

/** What is measured of a new model, and what all draws are seeded by. */
export const evaluationKeys = {
  /** `sites`: each new model is evaluated on the sites' test rows. */
  evaluation: z.enum(["sites", "none"]).default("sites"),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
};

/** A training as the row of its call keeps it: all of `fed.train`, and one round of it is `fed.round`. */
export interface Training {
  /** The series of the model. */
  readonly name: string;
  readonly dataset: z.output<typeof datasetSelectorSchema>;
  readonly at: At;
  readonly rule: Rule;
  readonly rounds: number;
  readonly strategy: StrategyChoice;
  readonly collect: CollectPlan;
  readonly local: z.output<typeof localTrainingSchema>;
  readonly seed: number;
  /** Whether new models are evaluated at the sites. */
  readonly evaluates: boolean;
  readonly layers: Layers;
  /** The model that it begins with; null: a new one is made from the seed. */
  readonly base: BlobRef | null;
}

/** What goes from round to round. */
export type TrainingState = {
  readonly model: BlobRef;
  /** What the strategy keeps at the server; null while there is nothing. */
  readonly server: BlobRef | null;
  /** Where a stream of answers goes on. */
  readonly cursor: number;
};

/** What is made of the last round. */
export interface Outcome {
  readonly model: BlobRef;
  readonly position: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly samples: number;
  readonly sites: readonly string[];
  readonly left: readonly Left[];
}

/** The work of a training at a site. */
export function bodyOf({ dataset, layers, local, seed, strategy }: Training): TrainBody {
  const rules = strategyOf(strategy).local?.(strategy.options);
  return { dataset, layers, local: { ...local, ...rules }, seed };
}

/** Throws `PLAN_INVALID` when strategy, collecting and training do not go together. */
export function checkTraining({ strategy, collect, rule }: Training): void {
  const rules = strategyOf(strategy).local?.(strategy.options) ?? {};
  checkChoice(strategy, {
    collect: collect === "barrier" ? "barrier" : "stream",
    ...(rule.onShort === "proceed" ? { sites: 1 } : rule.min !== undefined && { sites: rule.min }),
    work: {
      name: train.name,
      figures: rules.steps === true ? ["steps"] : [],
      groups: rules.control === true ? ["control"] : [],
      siteState: rules.control === true,
    },
  });
}

/**
 * Federated averaging (McMahan et al. 2017, arXiv 1602.05629) and what is built on it: sites train, their updates become one model by the
 * strategy, and the sites measure it. `output` says what the call gives.
 */
export const trainingScript = <Output extends Json>(
  output: (outcome: Outcome, training: Training, written: Written) => Output,
): Script<Training, TrainingState, Output> => ({
  revision: 1,

  *begin({ argument: { base, layers, seed, name } }): Play<Begun<TrainingState>> {
    const state = { server: null, cursor: 0 };
    if (base !== null) return { state: { ...state, model: base } };
    const options = { layers, seed } as unknown as Json;
    const { blobs } = yield* fold({ name: "initial", folder: "model.initial", options, over: [] });
    const model = needed(blobs["model"]);
    const save = {
      series: name,
      model,
      base: undefined,
      layers: layers as unknown as Json,
      figures: {},
      sites: 0,
    };
    return { state: { ...state, model }, save };
  },

  *round({ argument: training }, state, { position }): Play<Turn<TrainingState, Output>> {
    const { name, dataset, at, rule, layers, local, strategy } = training;
    const body = bodyOf(training);
    const base = state.model;
    const { needs } = strategyOf(strategy);
    const isStateful = needs.siteState === true;
    const collect = collectBy(training.collect);
    const answers = yield* collect(
      {
        name: "train",
        work: train,
        body,
        inputs: { base, ...(isStateful && state.server !== null && { control: state.server }) },
        at,
        rule,
        ...(isStateful && { siteState: "train" }),
      },
      state.cursor,
    );
    const { cursor } = answers;
    const updates = withoutFaults(answers, training);
    const samples = rowsOf(updates);
    const sites = sitesOf(updates);
    const folded = yield* fold({
      name: "model",
      folder: strategy.name,
      options: strategy.options,
      over: [updates],
      groups: train.answer.tensors?.(body) ?? {},
      with: { base, server: state.server ?? undefined },
      tell: ({ blobs }) => ({
        type: "round.aggregated",
        text: `${counted(sites.length, "update")} from ${samples} rows make the new model.`,
        data: { sites, samples, model: blobs["model"]?.sha256 },
      }),
    });
    const model = needed(folded.blobs["model"]);
    const tested = training.evaluates
      ? yield* ask({
          name: "evaluate",
          work: evaluate,
          body: { dataset, layers, loss: local.loss, batch: 1000 },
          inputs: { base: model },
          to: { sites },
          // A site that cannot tell is left out.
          rule: { ...rule, onShort: "tell" },
        })
      : undefined;
    const trained = Object.entries(figuresOf(updates)).map(([figure, value]) => [`train_${figure}`, value]);
    const metrics = {
      ...(Object.fromEntries(trained) as Record<string, number>),
      ...(tested && figuresOf(tested)),
    };
    const left = [...updates.left, ...(tested?.left ?? [])];
    const round = { sites, asked: updates.asked, left, samples, figures: metrics, base, model };
    const kept = { series: name, model, base, layers: layers as unknown as Json };
    // What only training rows say is not what a version is worth.
    const save = { ...kept, figures: tested === undefined ? {} : metrics, sites: sites.length };
    const server = folded.blobs["server"] ?? null;
    if (position < training.rounds)
      return { next: { model, server, cursor }, round, save, offers: offersOf(training, model) };
    const outcome = { model, position, metrics, samples, sites, left };
    return { output: (written) => output(outcome, training, written), round, save };
  },
});

/**
 * Without the answers that the strategy cannot fold, whatever their weights are: a figure is missing, or makes no sense. A stream goes on with
 * what is left; its site gets new work as any other. Throws
 * `QUORUM_LOST` or `SITES_TOO_FEW` when fewer are left than the rule asks for: nothing is made of what is not an answer.
 */
function withoutFaults(collected: Collected, { rule, strategy, collect }: Training): Collected {
  const faults = new Map<Answer, string>();
  for (const answer of collected.answers) {
    const fault = answerFault(strategyOf(strategy), answer);
    if (fault !== undefined) faults.set(answer, fault);
  }
  if (faults.size === 0) return collected;
  const answers = collected.answers.filter((answer) => !faults.has(answer));
  const left = [...faults].map(([{ site }, fault]): Left => {
    const reason = `Its answer is not one for ${strategy.name}: ${fault}.`;
    return { site, kind: train.name, state: "failed", reason };
  });
  const needed = collect === "barrier" ? Math.max(1, neededToEnd(rule, collected.asked)) : 1;
  const reasons = left.map(({ site, reason }) => `${site}: ${reason}`).join(" ");
  if (answers.length < needed)
    throw new ComityError(
      "QUORUM_LOST",
      `${answers.length} of ${collected.asked} sites are left and ${needed} are needed. ${reasons}`,
    );
  const behind = sitesBehind(answers);
  if (behind < collected.atLeast)
    throw new ComityError(
      "SITES_TOO_FEW",
      `The plan or the hub wants ${collected.atLeast} sites behind a model, and ${behind} are left. ${reasons}`,
    );
  return { ...collected, answers, left: [...collected.left, ...left] };
}

/** The free sites of a stream get the newest model. */
const offersOf = ({ collect }: Training, model: BlobRef): Readonly<Record<string, Inputs>> =>
  collect === "barrier" ? {} : { train: { base: model } };

/** Rows that answers stand for together. */
export const rowsOf = ({ answers }: Collected): number => answers.reduce((sum, one) => sum + one.samples, 0);

/** Whose answers they are, each site once: in a stream it may have answered twice. */
export const sitesOf = ({ answers }: Collected) => [...new Set(answers.map(({ site }) => site))];

/** The figures of the sites, each a mean by their rows. */
export const figuresOf = ({ answers }: Collected): Record<string, number> =>
  weightedMetrics(answers.map(({ samples, figures }) => ({ samples, metrics: figures })));

/** The version of a model, as an output names it. */
export const versionOf = ({ sha256, sizeBytes }: BlobRef, { name }: Training, { version }: Written) => ({
  name,
  version,
  sha256: sha256 as string,
  bytes: sizeBytes,
});

function needed(blob: BlobRef | undefined): BlobRef {
  if (blob === undefined) throw new Error("a fold has made no model");
  return blob;
}
