import type { ZodType } from "zod";
import type { Groups } from "../tensors/groups.js";
import type { TensorSpec } from "../tensors/spec.js";

/** What is known of one answer besides its tensors. */
export interface AnswerFacts {
  /** Rows that it stands for. */
  readonly samples: number;
  readonly figures: Readonly<Record<string, number>>;
  /** Versions that the model has moved on since the one that the answer was made from; 0 outside a stream. */
  readonly stale: number;
}

/** What a strategy needs of the answers; the planner compares it with what the work and the way of collecting give. */
export interface Needs {
  /** `sum`: a sum of one vector of each site is enough. `each`: every answer by itself. */
  readonly of: "sum" | "each";
  /** Figures that every answer must have, for example `steps`. */
  readonly figures?: readonly string[];
  /** Groups of tensors that the sites send besides the model. */
  readonly groups?: readonly string[];
  /** The work keeps state at the site from round to round. */
  readonly siteState?: boolean;
  /** It is made for answers that were made from different models: for a stream of them, and for nothing else. */
  readonly stale?: boolean;
}

/** What the sites do differently in their local training; each is a capability of its own. */
export interface LocalRules {
  /** The weight mu of the proximal term (FedProx). */
  readonly prox?: number;
  /** Steps are corrected by control variates, which the site keeps and sends the change of (SCAFFOLD). */
  readonly control?: true;
  /** The answer tells, as the figure `steps`, how many steps the optimizer has taken (FedNova). */
  readonly steps?: true;
}

interface StrategyBase<Options> {
  readonly name: string;
  /** One sentence for people, with the paper. */
  readonly purpose: string;
  /** Grows when the same inputs give other bytes; stands in the row of the fold. */
  readonly revision: number;
  readonly options: ZodType<Options>;
  readonly needs: Needs;
  /**
   * Whether tensors of whole numbers have a meaning under it, such as the counters of a layer: they come out rounded to the
   * nearest, of two the even one. Where it is not said they are refused.
   */
  readonly integers?: true;
  /** The least number of answers that it is defined for; 1 where this is not given. */
  atLeast?(options: Options): number;
  /** Why an answer by its facts cannot be folded; undefined when it can. Figures that are needed are there and finite. */
  fault?(answer: AnswerFacts): string | undefined;
  /** What the sites must do differently. */
  local?(options: Options): LocalRules;
  /**
   * What the server keeps from round to round besides the model, in float64, zeros at first: groups with as many values as the
   * model, or as the group of the answers that has the same name.
   */
  server?(model: readonly TensorSpec[]): Groups;
}

/** What is summed of an answer: `scale` times its weights or its difference to the base, and some numbers besides. */
export interface Summand {
  readonly scale: number;
  readonly extras: readonly number[];
}

/** One tile of a fold: views that are good until the method returns. */
export interface FinishTile {
  /** The group that the tile is of. */
  readonly group: string;
  /** Sum over the answers of scale times value. */
  readonly sum: Float64Array;
  /** Sum of the scales, then the sums of the extras. */
  readonly totals: readonly number[];
  /** The same tile of the model that the round began with; zeros for a group that the model has not. */
  readonly base: Float64Array;
  /**
   * The same tile of the server's groups, as it was before: of the one with the group's name, else, for the model, of all
   * those that no group of the answers has the name of.
   */
  readonly server: Readonly<Record<string, Float64Array>>;
  /** Whether the server has kept nothing yet: its groups are zeros. */
  readonly first: boolean;
  /** To be filled: the same tile of the new model, by its group's name, and of those groups of the server. */
  readonly out: Readonly<Record<string, Float64Array>>;
  /** Answers in the sum, and sites that could have given one. */
  readonly sites: number;
  readonly population: number;
}

/** A strategy for which a weighted sum is enough: it goes with secure sums and with regions. */
export interface LinearStrategy<Options = unknown> extends StrategyBase<Options> {
  readonly form: "linear";
  /** `weights`: sums y. `difference`: sums y - x, each answer with the model that it was made from. Groups besides the model have no x. */
  readonly sums: "weights" | "difference";
  /** `finish` divides the sum by the sum of the scales, and does nothing else: then whoever folds may take a shorter way. */
  readonly mean?: true;
  /** Runs at the hub in the clear, at the site under a mask, at a child hub for its region: the same function. */
  summand(options: Options, answer: AnswerFacts, group: string): Summand;
  finish(options: Options, tile: FinishTile): void;
}

/** One tile of every answer by itself. */
export interface EachTile {
  readonly group: string;
  readonly updates: readonly Float64Array[];
  readonly base: Float64Array;
  /** To be filled. */
  readonly out: Float64Array;
}

/** A strategy that looks at every answer by itself: robust to some that are wrong, and no secure sum. */
export interface EachStrategy<Options = unknown, Decision = unknown> extends StrategyBase<Options> {
  readonly form: "each";
  /** A pass that writes nothing: it adds to `into`; the parts are added up in the order of the tiles, whichever thread made them. */
  readonly measure?: {
    width(answers: number): number;
    tile(options: Options, tile: EachTile, before: Decision | undefined, into: Float64Array): void;
  };
  /** `again` asks for one more pass (geometric median), `go` for the pass that writes. */
  decide(
    options: Options,
    facts: readonly AnswerFacts[],
    measured: Float64Array,
    before: Decision | undefined,
  ): { readonly again: Decision } | { readonly go: Decision };
  tile(options: Options, tile: EachTile, decision: Decision): void;
  /** The places of the answers that the result is of, for people, where it is not of all. */
  chosen?(decision: Decision): readonly number[];
}

/** How many updates become one model. */
export type Strategy = LinearStrategy | EachStrategy;
