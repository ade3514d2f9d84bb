import type { ZodType } from "zod";
import type { Groups } from "#aggregation/tensors/groups.js";
import type { DatasetSelector } from "#proto/codec/work.js";

/** Which rows of a dataset a work reads. */
export type Rows = "train" | "test" | "all" | "none";

/** The class of what leaves a site: a policy may allow by it. */
export type Leaves = "nothing" | "aggregate" | "update" | "value";

/** One named input of a work: a blob that the hub has. */
export interface InputRule {
  readonly required: boolean;
  /** `start`: fetched before the work begins. `asked`: only when the step opens it. */
  readonly fetch: "start" | "asked";
  /** For people, for example `the model to begin with`. */
  readonly purpose: string;
}

/** All that a site's policy is told of a body; no rule reads the body itself. */
export interface WorkFacts {
  /** Undefined for work without data. Routing asks no site for it where `rows` is `none`. */
  readonly dataset: DatasetSelector | undefined;
  readonly rows: Rows;
  /** Passes over the rows. */
  readonly passes: number;
  /** Columns and filter, where the work names some. */
  readonly columns?: readonly string[];
  readonly filter?: string;
}

/** What a work answers. Everything that is not declared here never leaves a site, and no hub takes it. */
export interface AnswerDeclaration<Body, Value> {
  readonly leaves: Leaves;
  /** What an answer weighs: the rows that it stands for, each answer the same, or nothing at all (then it counts no rows). */
  readonly weight: "rows" | "one" | "none";
  /** Numbers by name, at most so many. `how` one figure is made of the sites'; `shown`: whether people may see a single site's. */
  readonly figures?: {
    readonly most: number;
    readonly how: "mean" | "sum";
    readonly shown: "each" | "together";
  };
  /** All tensors, from the body alone. */
  tensors?(body: Body): Groups;
  /** A JSON value, its schema and its bytes at most. */
  value?(body: Body): { readonly schema: ZodType<Value>; readonly maxBytes: number };
  /** The numbers of rows behind the parts of a value: the site's smallest cell is compared with each that is above 0. */
  counts?(body: Body, value: Value): Iterable<number>;
  /** Whether the work keeps state at the site. It counts only when the answer that it was written with was folded. */
  keeps?(body: Body): boolean;
  /** Under one assignment there is never a second answer, whatever the hub asks: the stored bytes again, or a refusal. */
  readonly once?: boolean;
  /** Until when the hub keeps the answer's bytes: the first fold that takes them, or the end of the round. */
  readonly kept: "folded" | "round";
}

/**
 * A kind of work, declared once for both ends: the hub's intake, the agent's egress check, policy, routing by capability and the docs are
 * derived from it. Methods and no function properties: a `Kind<TrainBody>` must be a `Kind` for those who know no kind.
 */
export interface Kind<Body = unknown, Input extends string = string, Value = unknown> {
  /** For example `train`; also the capability of agents that can do it. */
  readonly name: string;
  /** One sentence, shown to the site's people. */
  readonly purpose: string;
  readonly body: ZodType<Body>;
  /** The oldest form that says the same: bodies are strict, agents of before refuse a key that they do not know. Without it, the body. */
  toWire?(body: Body): object;
  /** Capabilities of an agent besides the kind's name: a site without them is left out with that reason. */
  requires?(body: Body): readonly string[];
  readonly inputs: Readonly<Record<Input, InputRule>>;
  facts(body: Body): WorkFacts;
  readonly answer: AnswerDeclaration<Body, Value>;
  /** Done in less time than a commit costs: no Accept, no progress. */
  readonly brief?: boolean;
  /** For people. */
  readonly words: {
    /** As in `acme/berlin has accepted to train`. */
    readonly doing: string;
    /** As in `acme/berlin trains`, where one looks on. */
    readonly working: string;
    /** As in `acme/berlin has delivered its update from 90 rows`. */
    done(samples: number): string;
  };
}
