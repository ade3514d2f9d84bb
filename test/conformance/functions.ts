import { z } from "zod";
import { type EffectCaller, FunctionFailure, type WorkflowFunction } from "#hub/workflow/function.js";
import { standardError } from "#hub/workflow/interpreter/errors.js";
import type { WorkflowError } from "#hub/workflow/interpreter/model.js";
import { deferred } from "#kernel/async.js";
import type { Clock } from "#kernel/clock.js";
import type { Json } from "#kernel/json.js";

const problem = z.strictObject({
  type: z.string(),
  status: z.int(),
  title: z.string().exactOptional(),
  detail: z.string().exactOptional(),
});
const json = z.json() as unknown as z.ZodType<Json>;

const echoArgument = z.strictObject({ output: json.optional() });
const flakyArgument = z.strictObject({
  failures: z.int().min(0),
  error: problem.exactOptional(),
  output: json.optional(),
});
const slowArgument = z.strictObject({
  /** Without it, the call never ends by itself. */
  seconds: z.number().min(0).exactOptional(),
  output: json.optional(),
});

/** A call of a test function. Made again after a restart it is the same call, as long as it has not ended. */
export interface CallRecord {
  readonly ref: string;
  /** `run/effect`. */
  readonly key: string;
  ended: boolean;
  undone?: string;
}

/** The functions that scenarios may call, and what they remember; it outlives a restart of the hub, as another system would. */
export class TestFunctions {
  readonly calls: CallRecord[] = [];
  /** When the calls that sleep wake up, by `run/effect`; infinity for those that never do. */
  readonly sleeping = new Map<string, number>();
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #failures = new Map<string, number>();
  readonly #wakeAtMs = new Map<string, number>();

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get all(): readonly WorkflowFunction[] {
    return [this.#echo, this.#flaky, this.#slow] as readonly WorkflowFunction[];
  }

  readonly #echo: WorkflowFunction<z.output<typeof echoArgument>> = {
    name: "test.echo:1.0.0@default",
    purpose: "Gives what it is given.",
    argument: echoArgument,
    perform: ({ output }, caller) => {
      this.#note(caller).ended = true;
      return Promise.resolve(output ?? null);
    },
  };

  readonly #flaky: WorkflowFunction<z.output<typeof flakyArgument>> = {
    name: "test.flaky:1.0.0@default",
    purpose: "Fails the first times that a task calls it, then gives what it is given.",
    argument: flakyArgument,
    perform: ({ failures, error, output }, caller) => {
      this.#note(caller).ended = true;
      const key = `${caller.runId}${caller.ref}`;
      const before = this.#failures.get(key) ?? 0;
      if (before >= failures) return Promise.resolve(output ?? null);
      this.#failures.set(key, before + 1);
      const unavailable = standardError("communication", "Not there", { status: 503 });
      return Promise.reject(new FunctionFailure((error as WorkflowError | undefined) ?? unavailable));
    },
  };

  readonly #slow: WorkflowFunction<z.output<typeof slowArgument>> = {
    name: "test.slow:1.0.0@default",
    purpose: "Takes its time, by the clock of the scenario, then gives what it is given.",
    argument: slowArgument,
    perform: async ({ seconds, output }, caller, signal) => {
      const call = this.#note(caller);
      const key = keyOf(caller);
      const dueAtMs = this.#wakeAtMs.get(key) ?? this.#clock.nowMs() + (seconds ?? Infinity) * 1000;
      this.#wakeAtMs.set(key, dueAtMs);
      this.sleeping.set(key, dueAtMs);
      const woken = deferred();
      const takeBack = Number.isFinite(dueAtMs)
        ? this.#clock.after(dueAtMs - this.#clock.nowMs(), () => woken.resolve())
        : () => undefined;
      signal.addEventListener("abort", () => woken.resolve(), { once: true });
      this.#changed();
      await woken.promise;
      takeBack();
      this.sleeping.delete(key);
      call.ended ||= !signal.aborted;
      return output ?? null;
    },
    cancel: (caller, reason) => {
      for (const call of this.calls) if (call.key === keyOf(caller)) call.undone = reason;
      return Promise.resolve();
    },
  };

  #note(caller: EffectCaller): CallRecord {
    const key = keyOf(caller);
    const open = this.calls.find((call) => call.key === key && !call.ended);
    if (open !== undefined) return open;
    const call = { ref: caller.ref, key, ended: false };
    this.calls.push(call);
    return call;
  }
}

const keyOf = ({ runId, effect }: EffectCaller): string => `${runId}/${effect}`;
