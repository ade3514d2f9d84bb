import type { ZodType } from "zod";
import type { Lease } from "#hub/store/owners.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { CallRef, EffectId } from "#kernel/refs.js";

/** Who calls a function: but for the lease the same for every attempt at the same effect, also after the hub was killed. */
export interface EffectCaller extends CallRef {
  /** JSON Pointer of the task. */
  readonly ref: string;
  /** For people. */
  readonly runName: string;
  readonly runStartedAtMs: number;
  /** As whom this attempt may write for the run: once the run has another owner or fence, it has lost it. */
  readonly lease: Lease;
  /**
   * The call that the same task made before a retry by hand, and that has failed or was cancelled; undefined for any other call. After
   * several retries it is the last one. A function that keeps what it has come to may go on from there.
   */
  readonly resumes: EffectId | undefined;
  /** The number of the transition that has made the call, in the run's journal; 0 for a call that release 0.1 has made. */
  readonly madeSeq: number;
}

/** Names an effect within the whole hub, and to whomever it calls. */
export const effectKey = (runId: RunId, effect: string): string => `${runId}/${effect}`;

/**
 * What a task may call. `perform` may be called again with the same caller after a crash: it goes on from what it finds in the
 * store, or repeats with the {@link effectKey} so that the other side can tell.
 */
export interface WorkflowFunction<Argument = unknown> {
  /** For example `fed.train:1.0.0@default`, or a call of the language such as `http`. */
  readonly name: string;
  /** One sentence for the docs and for `comity workflow functions`. */
  readonly purpose: string;
  /** The argument `with`; the linter, the start of a run and the docs use it. Expressions are checked once they are evaluated. */
  readonly argument: ZodType<Argument>;
  /** Throws what a schema cannot tell; called before the call is made, and before the run exists where `with` has no expression. */
  check?(argument: Argument): void;
  /** Resolves with the output. Throws a {@link FunctionFailure} (or a ComityError, which becomes one); an abort by the signal ends it without a result. */
  perform(argument: Argument, caller: EffectCaller, signal: AbortSignal): Promise<Json>;
  /** The effect is cancelled for good (not merely interrupted by the hub's stop): undo what is open. */
  cancel?(caller: EffectCaller, reason: string): Promise<void>;
  /**
   * It keeps a row in `calls` for each call. The transition that takes in the call's end, as a result, an error or a cancellation, sets
   * `ended_seq` of the row to its own number, in one transaction with all else.
   */
  readonly keepsCall?: true;
  /** For a dry run: throws how a call to this address would end, as far as that is certain without asking anybody. */
  checkAddress?(address: string): void;
  /** For a dry run: where the call would go now, and which rule refuses whom. Does nothing. */
  explain?(argument: Argument): Promise<Json>;
}

/** A call has failed, with the error that the workflow may catch. */
export class FunctionFailure extends ComityError {
  readonly workflowError: WorkflowError;
  /** The detail is what a service has said, whole: it is cut for people only once no secret can be cut in two. */
  readonly isHeard: boolean;

  constructor(workflowError: WorkflowError, options: { cause?: unknown; isHeard?: boolean } = {}) {
    const { title, detail, type } = workflowError;
    super("TASK_FAILED", [title, detail].filter((part) => part !== undefined).join(": ") || type, options);
    this.workflowError = workflowError;
    this.isHeard = options.isHeard ?? false;
  }
}

/** The functions of this hub, by their names. */
export class Functions {
  readonly #functions: ReadonlyMap<string, WorkflowFunction>;

  constructor(functions: readonly WorkflowFunction[]) {
    this.#functions = new Map(functions.map((one) => [one.name, one]));
  }

  get names(): readonly string[] {
    return [...this.#functions.keys()];
  }

  find(name: string): WorkflowFunction | undefined {
    return this.#functions.get(name);
  }
}
