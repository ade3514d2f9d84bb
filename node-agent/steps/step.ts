import type { SiteId } from "#kernel/ids.js";
import type { Kind } from "#proto/work/kind.js";

/** A file that a step may read. */
export interface StepFile {
  readonly path: string;
}

/** What a step may know of the assignment that it works on. It has no hub, no policy and no key. */
export interface StepContext<Input extends string = string> {
  readonly site: SiteId;
  /** Seeds what the work draws, together with the body's own seed and the site. */
  readonly draw: number;
  /** Scratch folder of this assignment; made when it is asked for. */
  readonly directory: string;
  /** Opens an input that the kind declares; undefined where the offer has none. Throws when it cannot be fetched. */
  input(name: Input): Promise<StepFile | undefined>;
  /**
   * What this work has kept at the site, as it was after the answer that the hub has folded last; only to be read. Undefined where nothing is
   * kept yet.
   */
  readonly state: StepFile | undefined;
  /** Fires when the work is no longer wanted; the step then ends soon, with an error. */
  readonly signal: AbortSignal;
  /** Tells how far the work is: 0 to 1, and a few words such as `epoch 2 of 5`. */
  progress(fraction: number, text: string): void;
}

/** What a step hands back. Whether it may leave the site is decided by the declaration of its kind. */
export interface StepAnswer<Value = unknown> {
  /** Rows that the answer stands for; 0 where its kind counts none. */
  readonly samples: number;
  /** Finite numbers only, for example `loss`. */
  readonly figures: Readonly<Record<string, number>>;
  /** JSON; undefined for none. */
  readonly value?: Value;
  /** A safetensors file in `directory`, closed but not yet synced. */
  readonly updatePath?: string;
  /** In its place, of at most 64 KiB: a safetensors file that need not lie on the disk. */
  readonly update?: Uint8Array;
  /** A file in `directory` with what the work keeps at the site; closed, and where its kind keeps something, always there. */
  readonly statePath?: string;
}

/** Does one kind of work. */
export interface Step<Body = unknown, Input extends string = string, Value = unknown> {
  readonly kind: Kind<Body, Input, Value>;
  /** What of the kind the agent can do besides: the words that the kind may require of it. */
  readonly capabilities?: readonly string[];
  /** Throws a ComityError when the work cannot be done. */
  run(body: Body, context: StepContext<Input>): Promise<StepAnswer<Value>>;
}

/** An input that the kind requires. The agent has fetched it before the step began, so its absence is a fault of ours. */
export async function requiredInput<Input extends string>(
  context: StepContext<Input>,
  name: Input,
): Promise<string> {
  const file = await context.input(name);
  if (file === undefined) throw new Error(`the required input ${name} is not there`);
  return file.path;
}
