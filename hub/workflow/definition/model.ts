import type { Json, JsonObject } from "#kernel/json.js";
import type {
  Authentication,
  Catalog,
  Duration,
  ErrorFilter,
  EventProperties,
  EventStrategy,
  ExportRule,
  FlowDirective,
  InputRule,
  OutputRule,
  RetryPolicy,
  Schedule,
  Timeout,
  WorkflowError,
} from "./parts.js";

/** A document of the Open Workflow DSL 1.0.3 after parsing: what lint has accepted has this form. */
export interface Workflow {
  readonly document: DocumentHead;
  readonly input?: InputRule;
  readonly use?: Use;
  readonly do: TaskList;
  /** An object, or the name of one in `use.timeouts`. */
  readonly timeout?: Timeout | string;
  readonly output?: OutputRule;
  readonly schedule?: Schedule;
  readonly evaluate?: { readonly language?: string; readonly mode?: "strict" | "loose" };
}

/** `namespace/name:version`. */
export const workflowTitle = ({ document }: Pick<Workflow, "document">): string =>
  `${document.namespace}/${document.name}:${document.version}`;

/** What the document says of itself. */
interface DocumentHead {
  readonly dsl: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  readonly summary?: string;
  readonly tags?: JsonObject;
  readonly metadata?: JsonObject;
}

/** The parts that tasks name instead of repeating them. */
interface Use {
  readonly authentications?: Readonly<Record<string, Authentication>>;
  readonly catalogs?: Readonly<Record<string, Catalog>>;
  readonly errors?: Readonly<Record<string, WorkflowError>>;
  readonly extensions?: readonly Readonly<Record<string, Extension>>[];
  readonly functions?: Readonly<Record<string, Task>>;
  readonly retries?: Readonly<Record<string, RetryPolicy>>;
  readonly secrets?: readonly string[];
  readonly timeouts?: Readonly<Record<string, Timeout>>;
}

/** An object of exactly one key, the task's name. */
type NamedTask = Readonly<Record<string, Task>>;
/** Tasks in the order in which they run, unless one jumps. */
export type TaskList = readonly NamedTask[];

/** The keyword that says what a task does. */
export type TaskKind = (typeof taskKinds)[number];
/** All twelve, in the order of the alphabet. */
export const taskKinds = [
  "call",
  "do",
  "emit",
  "for",
  "fork",
  "listen",
  "raise",
  "run",
  "set",
  "switch",
  "try",
  "wait",
] as const;

/** What every task may carry besides its keyword. */
interface TaskCommon {
  /** Not true: the task is skipped, and its output is its input. */
  readonly if?: string;
  readonly input?: InputRule;
  readonly output?: OutputRule;
  readonly export?: ExportRule;
  readonly timeout?: Timeout | string;
  readonly then?: FlowDirective;
  /** For people and tools; nothing decides by it. */
  readonly metadata?: JsonObject;
}

/** `call`: {@link callOf} says what is called. */
export interface CallTask extends TaskCommon {
  readonly call: string;
  readonly with?: JsonObject;
}

export interface DoTask extends TaskCommon {
  readonly do: TaskList;
}

export interface EmitTask extends TaskCommon {
  readonly emit: { readonly event: { readonly with: EventProperties } };
}

export interface ForTask extends TaskCommon {
  readonly for: {
    /** The variable of the item; `item` where it is not given. */
    readonly each?: string;
    /** An expression that gives a list, or the list itself. */
    readonly in: string | readonly Json[];
    /** The variable of the position, from 0; `index` where it is not given. */
    readonly at?: string;
  };
  readonly while?: string;
  readonly do: TaskList;
}

export interface ForkTask extends TaskCommon {
  readonly fork: { readonly branches: TaskList; readonly compete?: boolean };
}

/** What a `listen` reads of an event. */
export const readForms = ["data", "envelope", "raw"] as const;

export interface ListenTask extends TaskCommon {
  readonly listen: { readonly to: EventStrategy; readonly read?: (typeof readForms)[number] };
  readonly foreach?: SubscriptionIterator;
}

export interface RaiseTask extends TaskCommon {
  /** An error, or the name of one in `use.errors`. */
  readonly raise: { readonly error: WorkflowError | string };
}

/** What a `run` gives. */
export const runReturns = ["stdout", "stderr", "code", "all", "none"] as const;

export interface RunTask extends TaskCommon {
  readonly run: RunTarget & {
    readonly await?: boolean;
    readonly return?: (typeof runReturns)[number];
  };
}

/** What a `run` starts: another workflow, or a program (programs run at sites only, once those can approve them). */
type RunTarget =
  | { readonly workflow: WorkflowCall }
  | { readonly script: JsonObject }
  | { readonly shell: JsonObject }
  | { readonly container: JsonObject };

/** Which workflow a `run` starts. */
interface WorkflowCall {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** An object, each text in it possibly an expression; or one expression for the whole. */
  readonly input?: JsonObject | string;
}

export interface SetTask extends TaskCommon {
  /** An object, each text in it possibly an expression; or one expression for the whole. */
  readonly set: JsonObject | string;
}

export interface SwitchTask extends TaskCommon {
  readonly switch: readonly Readonly<Record<string, SwitchCase>>[];
}

/** A way out of a `switch`; the one without `when` is the default. */
interface SwitchCase {
  readonly when?: string;
  readonly then: FlowDirective;
}

export interface TryTask extends TaskCommon {
  readonly try: TaskList;
  readonly catch: Catch;
}

/** What is caught, and what happens then. */
interface Catch {
  readonly errors?: { readonly with?: ErrorFilter };
  /** The variable of the error; `error` where it is not given. */
  readonly as?: string;
  readonly when?: string;
  readonly exceptWhen?: string;
  /** A policy, or the name of one in `use.retries`. */
  readonly retry?: RetryPolicy | string;
  readonly do?: TaskList;
  readonly then?: FlowDirective;
}

export interface WaitTask extends TaskCommon {
  readonly wait: Duration;
}

/** A task, by keyword. */
export type Task =
  | CallTask
  | DoTask
  | EmitTask
  | ForTask
  | ForkTask
  | ListenTask
  | RaiseTask
  | RunTask
  | SetTask
  | SwitchTask
  | TryTask
  | WaitTask;

/** A task together with its keyword, for an exhaustive `switch`. */
export type KindedTask =
  | { readonly kind: "call"; readonly task: CallTask }
  | { readonly kind: "do"; readonly task: DoTask }
  | { readonly kind: "emit"; readonly task: EmitTask }
  | { readonly kind: "for"; readonly task: ForTask }
  | { readonly kind: "fork"; readonly task: ForkTask }
  | { readonly kind: "listen"; readonly task: ListenTask }
  | { readonly kind: "raise"; readonly task: RaiseTask }
  | { readonly kind: "run"; readonly task: RunTask }
  | { readonly kind: "set"; readonly task: SetTask }
  | { readonly kind: "switch"; readonly task: SwitchTask }
  | { readonly kind: "try"; readonly task: TryTask }
  | { readonly kind: "wait"; readonly task: WaitTask };

/** The task's keyword. `do` comes last: a `for` has one too. */
export function taskKind(task: Task): TaskKind {
  return taskKinds.find((kind) => kind !== "do" && Object.hasOwn(task, kind)) ?? "do";
}

/** The task with its keyword: `switch (kinded.kind)` then knows the type of `kinded.task`. */
export function kinded(task: Task): KindedTask {
  return { kind: taskKind(task), task } as KindedTask;
}

/** What to do with each event that a `listen` takes. */
interface SubscriptionIterator {
  /** The variable of the event; `item` where it is not given. */
  readonly item?: string;
  /** The variable of the position, from 0; `index` where it is not given. */
  readonly at?: string;
  readonly do?: TaskList;
  readonly output?: OutputRule;
  readonly export?: ExportRule;
}

/** The kinds of task that an extension may stand around; `composite` is `do`, `for`, `fork`, `listen`, `switch` and `try`. */
export const extensionTargets = [
  "all",
  "call",
  "composite",
  "emit",
  "for",
  "listen",
  "raise",
  "run",
  "set",
  "switch",
  "try",
  "wait",
] as const;

/** Tasks that run before and after every task of a kind. */
export interface Extension {
  readonly extend: (typeof extensionTargets)[number];
  readonly when?: string;
  readonly before?: TaskList;
  readonly after?: TaskList;
}
