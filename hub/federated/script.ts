import type { Groups } from "#aggregation/tensors/groups.js";
import type { AssignmentState } from "#hub/assignments/model.js";
import type { Inputs, Rule, SitePart, Unasked } from "#hub/assignments/stage.js";
import type { At } from "#hub/routing/at.js";
import type { RunEventType } from "#hub/runs/model.js";
import type { AssignmentId, SiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { BlobRef, EffectId } from "#kernel/refs.js";
import type { Kind } from "#proto/work/kind.js";
import type { Place } from "./call.js";
import type { Folded } from "./round.js";

/** One kind of work, asked of some sites. */
export interface AskSpec<Body = unknown, Input extends string = string, Value = unknown> {
  /** Of the row: the same in every version of the script, and one of its kind in the round; a loop adds `.2`. */
  readonly name: string;
  readonly work: Kind<Body, Input, Value>;
  readonly body: Body;
  readonly inputs: Partial<Readonly<Record<Input, BlobRef>>>;
  /** By rule (chosen and recorded when the stage opens), or those that an earlier stage named; `each` adds to a site's body and inputs. */
  readonly to:
    | { readonly at: At }
    | { readonly sites: readonly SiteId[]; readonly each?: Readonly<Record<string, SitePart>> };
  readonly rule: Rule;
  /** The name of the state that the sites keep for it, over the rounds of the call. */
  readonly siteState?: string;
  /** No line for people for each answer; what goes wrong is told all the same. */
  readonly quiet?: boolean;
}

/** A stage that outlives rounds: a site that is free is asked again, with the model of now. */
export interface StreamSpec<Body = unknown, Input extends string = string, Value = unknown>
  extends Omit<AskSpec<Body, Input, Value>, "to"> {
  readonly at: At;
  /** Sites at work at the same time. */
  readonly concurrency: number;
}

/** The shortest beginning of what has arrived after a cursor that has enough answers, no matter when one looks. */
export interface TakeSpec {
  readonly name: string;
  readonly stream: string;
  /** Arrivals above this one: the cursor is in the state. */
  readonly after: number;
  readonly count: number;
  /** Answers from a model of more rounds ago are passed by: they do not count, and are told as left. */
  readonly maxStale?: number;
}

/** An answer as a script sees it: its tensors known by digest; a script never has the bytes. */
export interface Answer<Value = unknown> {
  readonly assignment: AssignmentId;
  readonly site: SiteId;
  readonly samples: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly value: Value | undefined;
  readonly tensors: BlobRef | undefined;
  /** Sites that stand behind it. */
  readonly behind: number;
  /** Rounds that have ended since it was issued; the model that it was made from, in a stream. */
  readonly stale: number;
  readonly base: BlobRef | undefined;
  readonly dataVersion: string;
}

/** A site that was asked and is not in the result, and why. */
export interface Left {
  readonly site: SiteId;
  readonly kind: string;
  readonly state: AssignmentState;
  readonly reason: string;
}

/** What a stage has come to: answers in the order of the ids of their sites (of a stream: of their arrival). */
export interface Collected<Value = unknown> {
  readonly is: "collected";
  readonly stage: string;
  readonly answers: readonly Answer<Value>[];
  readonly left: readonly Left[];
  readonly unasked: readonly Unasked[];
  /** Sites that were asked, and sites that fitted. */
  readonly asked: number;
  readonly population: number;
  /** Sites that must be behind whatever is let out, the hub's own least number included; behind each part too, where sites leave some out. */
  readonly atLeast: number;
  readonly short: boolean;
}

/** Answers taken out of a stream. */
export interface Taken<Value = unknown> extends Collected<Value> {
  readonly cursor: number;
}

/** What is to be made of answers: a job of the fold pool, see `hub/fold/job.ts`. */
export interface FoldSpec {
  readonly name: string;
  readonly folder: string;
  readonly options: Json;
  readonly over: readonly Collected[];
  readonly groups?: Groups;
  readonly with?: Readonly<Record<string, BlobRef | undefined>>;
  /** Told in the feed with its row. */
  tell?(result: Folded): {
    readonly type: RunEventType;
    readonly text: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

/** What a script may do. */
export type Op =
  | ({ readonly op: "ask" } & AskSpec)
  | ({ readonly op: "fold" } & FoldSpec)
  | ({ readonly op: "stream" } & StreamSpec)
  | ({ readonly op: "take" } & TakeSpec)
  | { readonly op: "all"; readonly of: readonly ({ readonly op: "ask" } & AskSpec)[] };

export type OpResult = Collected | Taken | Folded | readonly Collected[];

/** A part of a script: yields what it wants done, and is given what has come of it. */
export type Play<Result> = Generator<Op, Result, OpResult>;

/** Asks, and gives what the stage has come to. The casts of these five are the only ones: the driver gives back what an op asks for. */
export function* ask<Body, Input extends string, Value>(
  spec: AskSpec<Body, Input, Value>,
): Play<Collected<Value>> {
  return (yield { op: "ask", ...(spec as unknown as AskSpec) }) as Collected<Value>;
}

/** Asks that are open at the same time. */
export function* askAll<Body, Input extends string, Value>(
  specs: readonly AskSpec<Body, Input, Value>[],
): Play<readonly Collected<Value>[]> {
  const of = specs.map((spec) => ({ op: "ask" as const, ...(spec as unknown as AskSpec) }));
  return (yield { op: "all", of }) as readonly Collected<Value>[];
}

export function* fold(spec: FoldSpec): Play<Folded> {
  return (yield { op: "fold", ...spec }) as Folded;
}

/** Opens a stream, once in the life of a call. */
export function* stream<Body, Input extends string, Value>(spec: StreamSpec<Body, Input, Value>): Play<void> {
  yield { op: "stream", ...(spec as unknown as StreamSpec) };
}

export function* take<Value>(spec: TakeSpec): Play<Taken<Value>> {
  return (yield { op: "take", ...spec }) as Taken<Value>;
}

/** What a call is over its whole life, all of it from its row. */
export interface CallFacts<Argument> {
  readonly argument: Argument;
  readonly origin: EffectId;
  readonly createdAtMs: number;
}

/** A model to be kept as the next version of a series. */
export interface SaveModel {
  readonly series: string;
  readonly model: BlobRef;
  /** The version that it was made from. */
  readonly base: BlobRef | undefined;
  readonly layers: Json;
  readonly figures: Readonly<Record<string, number>>;
  readonly sites: number;
}

/** What people are told of a round that is over. */
export interface RoundReport {
  /** Of the stage that it is about. */
  readonly sites: readonly SiteId[];
  readonly asked: number;
  readonly left: readonly Left[];
  readonly samples: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly base?: BlobRef | undefined;
  readonly model?: BlobRef | undefined;
}

/** What is known only when the last round is written: it goes into the output, and decides nothing. */
export interface Written {
  readonly round: number;
  /** Of the model that was saved; 0 for none. */
  readonly version: number;
  /** From the beginning of the call's first round. */
  readonly seconds: number;
}

/** What one round comes to: all of it is one transaction. */
export type Turn<State, Output extends Json> = (
  | { readonly next: State }
  | { readonly output: (written: Written) => Output }
) & {
  readonly round: RoundReport;
  /** The round has come to nothing, for this reason; the next one begins with the same. */
  readonly void?: string;
  readonly save?: SaveModel;
  /** What the free sites of a stream get from now on. */
  readonly offers?: Readonly<Record<string, Inputs>>;
};

/** What a call begins with. */
export interface Begun<State> {
  readonly state: State;
  readonly save?: SaveModel;
}

/**
 * How a federated function runs over the sites: asks, folds, saves. Pure and deterministic: no Date, no randomness, no I/O, no `finally`.
 * Between rounds an explicit state: JSON, at most 64 KiB, blobs by digest. Within a round a generator, which may be played again from the
 * rows at any time: stages and folds are found by their names, and their rows win.
 */
export interface Script<Argument = unknown, State = unknown, Output extends Json = Json> {
  /** Stands in the row of the call. A change of the names or the meaning of stages makes a new one. */
  readonly revision: number;
  begin(call: CallFacts<Argument>): Play<Begun<State>>;
  round(call: CallFacts<Argument>, state: State, at: Place): Play<Turn<State, Output>>;
  /** Makes a state of the revision before into one of this, between rounds. */
  upgrade?(old: Json): State;
}
