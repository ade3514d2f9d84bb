import { leaseLost } from "#hub/store/owners.js";
import type { EffectCaller, Functions, WorkflowFunction } from "#hub/workflow/function.js";
import { effectKey, FunctionFailure } from "#hub/workflow/function.js";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import type { RunInfo, WorkflowError } from "#hub/workflow/interpreter/model.js";
import { sleep } from "#kernel/async.js";
import { parseValue } from "#kernel/config.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { Log } from "#kernel/log.js";
import type { EffectId } from "#kernel/refs.js";
import { printable } from "#kernel/words.js";
import { workflowErrorOf } from "./failures.js";
import type { Happening, Secrets } from "./model.js";
import { filled } from "./secrets.js";

/** How long a call rests after a fault of the hub's own that may pass, such as a full disk. */
const restMs = 5_000;

/** So many characters of what a service says of its refusal are kept. */
const maxHeard = 300;

/** A call to be made. */
export interface Call {
  readonly caller: EffectCaller;
  readonly call: string;
  readonly argument: Json;
  /** The run's secrets with placeholders, which the argument may hold. */
  readonly secrets: RunInfo["secrets"];
}

interface Parts {
  readonly functions: () => Functions;
  readonly secrets: Secrets;
  readonly log: Log;
  /** Journals what has become of a call. Rejects when that cannot be written now. */
  readonly settle: (runId: RunId, happening: Happening) => Promise<unknown>;
  /** What a cancelled call had begun is undone: its row may go. */
  readonly undone: (runId: RunId, effect: EffectId) => Promise<void>;
}

interface Performing {
  readonly call: Call;
  readonly control: AbortController;
  /** Settles when the function is done, and how it ended is in the journal. */
  readonly ended: Promise<void>;
}

/** Performs calls whose beginning is durable, and journals how they end. */
export class Effects {
  readonly #parts: Parts;
  readonly #performing = new Map<string, Performing>();
  /** Calls that are done, while how they ended is being journalled. */
  readonly #ending = new Map<string, Call>();
  /** Calls that were cancelled before they were taken up from their rows, with the reasons. */
  readonly #early = new Map<string, string>();
  readonly #stopping = new AbortController();
  /** Everything that {@link stop} waits for. */
  readonly #busy = new Set<Promise<void>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether what an open call has begun is to be undone: of one that is not taken up yet, nobody knows how far it came. */
  undoes(key: string): boolean {
    const performing = this.#performing.get(key);
    if (performing === undefined) return !this.#ending.has(key);
    return this.#parts.functions().find(performing.call.call)?.cancel !== undefined;
  }

  /** Begins a call; one that is under way by the same right goes on, one by an older right ends first. */
  start(call: Call): void {
    const { runId, effect, lease } = call.caller;
    const key = effectKey(runId, effect);
    const before = this.#performing.get(key);
    if (this.#stopping.signal.aborted || (before && before.call.caller.lease.fence >= lease.fence)) return;
    before?.control.abort(leaseLost(runId));
    const early = this.#early.get(key);
    if (early !== undefined) {
      this.undo(call, early);
      return;
    }
    const control = new AbortController();
    const ended = this.#perform(call, control.signal, key, before?.ended).finally(() =>
      this.#busy.delete(ended),
    );
    this.#busy.add(ended);
    this.#performing.set(key, { call, control, ended });
  }

  /** A call under way is not wanted any more: it is aborted, then what it has begun is undone. */
  cancel(runId: RunId, effect: string, reason: string): void {
    const key = effectKey(runId, effect);
    // One that was done meanwhile had been under way when it was decided to undo it.
    const call = this.#performing.get(key)?.call ?? this.#ending.get(key);
    if (call === undefined) this.#early.set(key, reason);
    else this.undo(call, reason);
  }

  /** {@link cancel} for a call that a process before this one made. */
  undo(call: Call, reason: string): void {
    const key = effectKey(call.caller.runId, call.caller.effect);
    this.#early.delete(key);
    const performing = this.#performing.get(key);
    performing?.control.abort(new ComityError("RUN_CANCELLED", reason));
    const undoing = this.#undo(call, reason, performing?.ended).finally(() => this.#busy.delete(undoing));
    this.#busy.add(undoing);
  }

  /** The call has ended for the run: should it still be under way, it is interrupted. */
  end(runId: RunId, effect: string): void {
    this.#performing
      .get(effectKey(runId, effect))
      ?.control.abort(new ComityError("RUN_CANCELLED", "Nobody waits for it."));
  }

  /** The run was somebody else's before this fence: its calls from before end here. */
  abandon(runId: RunId, fence: number): void {
    for (const { call, control } of this.#performing.values()) {
      const { caller } = call;
      if (caller.runId === runId && caller.lease.fence < fence) control.abort(leaseLost(runId));
    }
  }

  /** Interrupts every call; their rows stay, and so they are made again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { control } of this.#performing.values()) {
      control.abort(new ComityError("HUB_DRAINING", "The hub is stopping."));
    }
    await Promise.allSettled(this.#busy);
  }

  async #perform(call: Call, signal: AbortSignal, key: string, before?: Promise<void>): Promise<void> {
    const { log, settle } = this.#parts;
    const { runId, effect } = call.caller;
    // The same call by a newer right may have taken its place.
    const leave = () => {
      if (this.#performing.get(key)?.control.signal === signal) this.#performing.delete(key);
    };
    try {
      if (before !== undefined) await before;
      const happening = await this.#outcome(call, signal);
      // It has ended, and can neither be aborted nor undone any more.
      leave();
      this.#ending.set(key, call);
      // The event waits for a better moment: the call itself is not made again.
      while (happening !== undefined) {
        try {
          await settle(runId, happening);
          return;
        } catch (error) {
          if (error instanceof ComityError && error.code === "LEASE_LOST") return;
          log.error(
            { runId, effect, err: error },
            "the end of a call could not be written; it is tried again",
          );
          await sleep(restMs, this.#stopping.signal);
          if (this.#stopping.signal.aborted) return;
        }
      }
    } finally {
      leave();
      this.#ending.delete(key);
    }
  }

  /** How the call ends; undefined when it was interrupted. */
  async #outcome(call: Call, signal: AbortSignal): Promise<Happening | undefined> {
    const { functions, log } = this.#parts;
    const { runId, effect } = call.caller;
    const failed = (error: WorkflowError): Happening => ({ type: "effect.failed", effect, error });
    // A function: the signal may fire during any wait.
    const interrupted = () => signal.aborted;
    while (!interrupted()) {
      try {
        const found = functions().find(call.call);
        if (found === undefined) throw unknownFunction(call.call, functions().names);
        const output = await this.#call(found, call, signal);
        return interrupted() ? undefined : { type: "effect.completed", effect, output };
      } catch (thrown) {
        if (interrupted()) return undefined;
        if (thrown instanceof FunctionFailure) return failed(thrown.workflowError);
        const error = ComityError.from(thrown);
        // The call goes on there; should the run come back, its calls are taken up again.
        if (error.code === "LEASE_LOST") return undefined;
        if (error.kind.retryable !== true) {
          log.error({ runId, effect, call: call.call, code: error.code, err: error }, "a call has failed");
          return failed(workflowErrorOf(error));
        }
        log.warn(
          { runId, effect, code: error.code, err: error },
          "a call cannot be made now; it is tried again",
        );
        await sleep(restMs, signal);
      }
    }
    return undefined;
  }

  async #call(found: WorkflowFunction, call: Call, signal: AbortSignal): Promise<Json> {
    const { argument, secrets, caller } = call;
    const { value, hide } = filled(argument, secrets, this.#parts.secrets);
    try {
      const parsed = parsedArgument(found, value);
      found.check?.(parsed);
      const output = await found.perform(parsed, caller, signal);
      // As the journal will give it back: nothing that JSON does not keep may reach the run.
      const text = JSON.stringify(output) as string | undefined;
      return text === undefined ? null : hide(JSON.parse(text) as Json);
    } catch (thrown) {
      if (!(thrown instanceof FunctionFailure)) throw thrown;
      const error = hide(thrown.workflowError as unknown as Json) as unknown as WorkflowError;
      const { detail } = error;
      const cut = thrown.isHeard && detail !== undefined ? { detail: printable(detail, maxHeard) } : {};
      throw new FunctionFailure({ ...error, ...cut }, { cause: thrown });
    }
  }

  async #undo({ caller, call }: Call, reason: string, ended: Promise<void> | undefined): Promise<void> {
    const { functions, log, undone } = this.#parts;
    await ended;
    while (!this.#stopping.signal.aborted) {
      try {
        await functions().find(call)?.cancel?.(caller, reason);
        await undone(caller.runId, caller.effect);
        return;
      } catch (error) {
        log.error(
          { runId: caller.runId, effect: caller.effect, err: error },
          "a cancelled call could not be undone; it is tried again",
        );
        await sleep(restMs, this.#stopping.signal);
      }
    }
  }
}

/** The specification has an error of its own for what does not fit a schema; expressions may give such a value at any time. */
function parsedArgument(found: WorkflowFunction, value: Json): unknown {
  try {
    return parseValue(value, found.name, found.argument);
  } catch (cause) {
    const detail = ComityError.from(cause).message;
    const title = `The argument of ${found.name} does not fit its schema`;
    throw new FunctionFailure(standardError("validation", title, { detail }), { cause });
  }
}

function unknownFunction(name: string, known: readonly string[]): ComityError {
  return new ComityError("WORKFLOW_UNSUPPORTED", `This hub has no function ${name}.`, {
    hint: `It has ${known.join(", ")}.`,
  });
}
