import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { EffectId } from "#kernel/refs.js";
import type { CloudEvent } from "#proto/codec/cloud-event.js";
import type { Table } from "./table.js";

/** A problem as RFC 9457 (which replaces RFC 7807) has it; `instance` is the JSON Pointer of the task where it arose. */
export interface WorkflowError {
  /** A URI; the standard ones are in `errors.ts`. */
  readonly type: string;
  readonly status: number;
  readonly title?: string;
  readonly detail?: string;
  readonly instance?: string;
}

export type TimerId = `t${number}`;
export type ListenerId = `l${number}`;

export type { CloudEvent };

/** What stays the same over the life of a run; `$workflow` and `$runtime` are made of it. */
export interface RunInfo {
  readonly id: RunId;
  readonly startedAtMs: number;
  readonly startedBy: string;
  /** The names of the secrets that the hub has, each with its shape: a leaf stands for a secret text, see `secrets.ts`. */
  readonly secrets: Readonly<Record<string, Json>>;
  /** The hub's version at the start, for `$runtime.version`. */
  readonly version?: string;
}

/** What happens to a run. The journal keeps each one; the interpreter knows nothing else of the world. */
export type JournalEvent = { readonly atMs: number } & (
  | { readonly type: "run.started"; readonly info: RunInfo; readonly input: Json }
  | { readonly type: "effect.completed"; readonly effect: EffectId; readonly output: Json }
  | { readonly type: "effect.failed"; readonly effect: EffectId; readonly error: WorkflowError }
  | { readonly type: "timer.fired"; readonly timer: TimerId }
  | {
      readonly type: "event.received";
      readonly listener: ListenerId;
      readonly event: CloudEvent;
      /** The places in the listener's list of filters that the event fits. */
      readonly filters: readonly number[];
    }
  /** Goes on with what the last transition had no budget for. */
  | { readonly type: "run.continued" }
  | { readonly type: "run.paused"; readonly by: string; readonly reason: string }
  | { readonly type: "run.resumed"; readonly by: string }
  | { readonly type: "run.cancelled"; readonly by: string; readonly reason: string }
  | {
      readonly type: "run.retried";
      readonly by: string;
      /** From this task on, with the input and the context that it had; without it, from the task that failed. */
      readonly from?: { readonly ref: string; readonly input: Json; readonly context: Json };
      /** The definition from now on; the program that the interpreter is given is compiled from it. */
      readonly definition?: Sha256;
    }
);

/** What one filter of a listener asks of an event. Expressions are jq text. */
export interface EventFilter {
  /** CloudEvents attributes that must be equal; an expression `${ … }` must give true over the attribute's value. */
  readonly with: Readonly<Record<string, Json>>;
  /** `from` is evaluated over the whole event. */
  readonly correlate?: Readonly<Record<string, { readonly from: string; readonly expect?: Json }>>;
  /** The values of what these expressions name, as they were when the listener was opened. */
  readonly variables?: Readonly<Record<string, Json>>;
}

/** What the interpreter wants done. The engine writes all of one transition in one transaction and acts after its commit. */
export type Command =
  /** Call a function. Its result comes back, once, as `effect.completed` or `effect.failed`. */
  | {
      readonly type: "effect.start";
      readonly effect: EffectId;
      /** `http`, `openapi`, `grpc`, `mcp`, `run.workflow`, or a function of the catalogue such as `fed.train:1.0.0@default`. */
      readonly call: string;
      /** Evaluated; secrets in it are still placeholders. */
      readonly argument: Json;
      readonly ref: string;
      /** The call that a retry by hand lets it go on from. */
      readonly resumes?: EffectId;
    }
  | { readonly type: "effect.cancel"; readonly effect: EffectId; readonly reason: string }
  | { readonly type: "timer.set"; readonly timer: TimerId; readonly dueAtMs: number }
  | { readonly type: "timer.clear"; readonly timer: TimerId }
  /** Opening one that is open replaces its filters. */
  | {
      readonly type: "listener.open";
      readonly listener: ListenerId;
      readonly filters: readonly EventFilter[];
    }
  | { readonly type: "listener.close"; readonly listener: ListenerId }
  | { readonly type: "event.publish"; readonly event: CloudEvent }
  | { readonly type: "task"; readonly task: TaskNews }
  /** The budget of one transition is spent: the engine sends `run.continued`. */
  | { readonly type: "continue" };

export type TaskState = "running" | "waiting" | "retrying" | "completed" | "skipped" | "failed" | "cancelled";

/** What has become of a task: for the rows that people read, not for the interpreter. */
export interface TaskNews {
  /** JSON Pointer of the task in the workflow, for example `/do/0/train`. */
  readonly ref: string;
  readonly name: string;
  /** The keyword, for example `call`. */
  readonly kind: string;
  /** For a call, what it calls. */
  readonly call?: string;
  readonly state: TaskState;
  /** Of this pass through the task; 1 is the first. */
  readonly attempt: number;
  /** Set at the beginning: what a retry from this task needs. */
  readonly input?: Json;
  readonly context?: Json;
  readonly output?: Json;
  readonly error?: WorkflowError;
}

/** What a transition leads to. */
export interface Transition {
  readonly state: RunState;
  readonly commands: readonly Command[];
}

/** All that the interpreter remembers of a run: plain JSON, the snapshot of the journal. Nobody else looks into what follows `frames`. */
export interface RunState {
  /** All but `running` and `paused` are over. */
  readonly status: "running" | "paused" | "completed" | "failed" | "cancelled";
  readonly info: RunInfo;
  /** The workflow's input, after its schema and `input.from`. */
  readonly input: Json;
  /** The input before `input.from`; absent where there is none. */
  readonly rawInput?: Json;
  readonly context: Json;
  readonly output?: Json;
  readonly error?: WorkflowError;
  readonly frames: Table<FrameId, Frame>;
  /** Frames that can go on at once, the next one first. Of a failed run: those that a retry enters again. */
  readonly ready: readonly FrameId[];
  /** Who waits for which effect, timer or listener. What is not here is stale. */
  readonly waits: Table<WaitId, FrameId>;
  /** What happened while the run was paused, to take effect when it is resumed. */
  readonly held?: readonly HeldEvent[];
  /** The run is being cancelled; this is what the catches see that compensate. */
  readonly cancelling?: WorkflowError;
  /** Calls without an end when the run was cancelled, by their tasks' paths of names: a retry from such a task goes on from its call. */
  readonly unfinished?: Readonly<Record<string, EffectId>>;
  readonly counters: {
    readonly frame: number;
    readonly effect: number;
    readonly timer: number;
    readonly listener: number;
  };
}

/** What a task waits for; while the run is paused, it is kept. */
export type HeldEvent = Extract<
  JournalEvent,
  { readonly type: "effect.completed" | "effect.failed" | "timer.fired" | "event.received" }
>;

export type FrameId = `f${number}`;
export type WaitId = EffectId | TimerId | ListenerId;

/** One task that is under way; the workflow itself is the frame with the empty ref. */
export interface Frame {
  readonly ref: string;
  readonly parent?: FrameId;
  /** Which attempt of the innermost `try` around it, counted on by a retry by hand; absent: the first. */
  readonly attempt?: number;
  /** Before `input.from`; absent: the input of the parent. */
  readonly raw?: Json;
  /** After `input.from`; absent: the same as `raw`. */
  readonly input?: Json;
  /** Absent: not entered yet. */
  readonly startedAtMs?: number;
  /** Absent timer: not running, because the run has failed. */
  readonly timeout?: { readonly ms: number; readonly timer?: TimerId };
  /** The one task of a composite that is under way; of a `fork` there are several. */
  readonly child?: FrameId;
  readonly extension?: ExtensionFrame;
  readonly effect?: EffectId;
  /** The last call of the task, when that has failed or was cancelled: the next one, after a retry by hand, goes on from it. */
  readonly resumes?: EffectId;
  /** Of a `wait`. */
  readonly timer?: TimerId;
  /** Of a `for`: what it goes over, and where it is. */
  readonly loop?: { readonly items: readonly Json[]; readonly at: number };
  /** Of a `fork`: how many branches are under way. Their frames know it as their parent. */
  readonly fork?: { readonly live: number };
  /** Of a branch that is done: it stays until the fork is. */
  readonly result?: { readonly output: Json };
  readonly trying?: TryFrame;
  readonly listening?: ListenFrame;
  /** Of the workflow: its tasks are done, its `output` is not. */
  readonly leaving?: { readonly output: Json };
}

/** Tasks of an extension run around the frame's own. */
interface ExtensionFrame {
  readonly side: "before" | "after";
  /** In the task's list of extensions that apply. */
  readonly place: number;
  /** What the task has given, on the side `after`. */
  readonly result?: {
    readonly raw: Json;
    readonly leaving: { readonly output: Json; readonly then?: string };
  };
}

/** Where a `try` is. */
export interface TryFrame {
  readonly phase: "try" | "delay" | "catch";
  /** 1 is the first. */
  readonly attempt: number;
  /** When the first attempt began. */
  readonly sinceMs: number;
  /** Ends the delay, or an attempt that takes too long. */
  readonly timer?: TimerId;
  /** What was caught; in the phases `delay` and `catch`. */
  readonly error?: WorkflowError;
  /** The catch compensates, and then the cancellation goes on. */
  readonly unwinding?: true;
}

/** Where a `listen` is. */
export interface ListenFrame {
  readonly listener?: ListenerId;
  /** Evaluated `expect`s, and those that the first event has fixed, by the names of the correlations. */
  readonly expect: Readonly<Record<string, Json>>;
  /** What has been read, after `foreach`. */
  readonly taken: readonly Json[];
  /** Read, and not yet through `foreach`; the first one is in it. */
  readonly queue: readonly Json[];
  /** Places of the filters of `all` that have had their event; those of `until` stand behind them. */
  readonly met: readonly number[];
  /** No more events are wanted. */
  readonly closed?: true;
}
