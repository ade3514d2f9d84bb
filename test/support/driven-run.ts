import assert from "node:assert/strict";
import { parse } from "yaml";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { type JournalFormat, newestFormat } from "#hub/workflow/interpreter/format.js";
import type {
  CloudEvent,
  Command,
  EventFilter,
  JournalEvent,
  ListenerId,
  RunState,
  TaskNews,
  TimerId,
  WorkflowError,
} from "#hub/workflow/interpreter/model.js";
import { compile, type Program } from "#hub/workflow/interpreter/program.js";
import { transition } from "#hub/workflow/interpreter/run.js";
import { Matcher } from "#hub/workflow/matching.js";
import { SchemaChecker } from "#hub/workflow/schema/checker.js";
import { systemClock } from "#kernel/clock.js";
import type { RunId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { EffectId } from "#kernel/refs.js";

/** One for all tests of a process. Its thread ends after the last of them, as that of the schemas. */
const expressions = new JqExpressions();
after(() => expressions.close());
const answering = { expressions, schemas: new SchemaChecker() };
after(() => answering.schemas.close());
const matcher = new Matcher(expressions, systemClock);

/** An event without its time. */
type Happening = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, "atMs"> : never) : never;
type Effect = Extract<Command, { type: "effect.start" }>;

/** The parts of a definition that a test cares about; the document's head is added. */
export function workflowOf(text: string): Workflow {
  const head = { dsl: "1.0.3", namespace: "test", name: "test", version: "1.0.0" };
  return { document: head, ...(parse(text) as Omit<Workflow, "document">) };
}

/**
 * A run without an engine: the test itself completes effects, lets time pass and sends events. Every transition is made from a frozen
 * state, and again from a copy that has been JSON, which must give the same.
 */
export class DrivenRun {
  program: Program;
  /** Of the transitions from now on. */
  format: JournalFormat = newestFormat;
  state: RunState | undefined;
  nowMs = 1_000_000;
  readonly journal: {
    readonly event: JournalEvent;
    readonly program: Program;
    readonly format: JournalFormat;
  }[] = [];
  readonly effects = new Map<EffectId, Effect>();
  readonly cancelled: EffectId[] = [];
  readonly timers = new Map<TimerId, number>();
  readonly listeners = new Map<ListenerId, readonly EventFilter[]>();
  readonly published: CloudEvent[] = [];
  readonly news: TaskNews[] = [];
  /** How many transitions wanted to go on. */
  continued = 0;
  /** Whether they do so by themselves. */
  continues = true;

  constructor(text: string) {
    this.program = compile(workflowOf(text));
  }

  /** A run that has been started. */
  static async start(
    text: string,
    input: Json = {},
    secrets: Readonly<Record<string, Json>> = {},
  ): Promise<DrivenRun> {
    const run = new DrivenRun(text);
    await run.begin(input, secrets);
    return run;
  }

  async begin(input: Json, secrets: Readonly<Record<string, Json>> = {}): Promise<void> {
    const info = {
      id: "run-1" as RunId,
      startedAtMs: this.nowMs,
      startedBy: "test",
      secrets,
      version: "9.9.9",
    };
    await this.apply({ type: "run.started", info, input });
  }

  get status(): string | undefined {
    return this.state?.status;
  }

  get output(): Json | undefined {
    return this.state?.output;
  }

  get error(): WorkflowError | undefined {
    return this.state?.error;
  }

  /** The names of the tasks that have got into a state, in order. */
  names(state: TaskNews["state"]): readonly string[] {
    return this.news.filter((task) => task.state === state).map(({ name }) => name);
  }

  /** The one call that is under way. */
  get call(): Effect {
    const [only, ...more] = this.effects.values();
    assert.ok(only !== undefined && more.length === 0, `${this.effects.size} calls are under way`);
    return only;
  }

  async complete(output: Json, effect = this.call.effect): Promise<void> {
    this.effects.delete(effect);
    await this.apply({ type: "effect.completed", effect, output });
  }

  async fail(error: WorkflowError, effect = this.call.effect): Promise<void> {
    this.effects.delete(effect);
    await this.apply({ type: "effect.failed", effect, error });
  }

  /** Lets time pass; timers fire at their times. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = [...this.timers].filter(([, dueAtMs]) => dueAtMs <= endMs).sort((a, b) => a[1] - b[1])[0];
      if (due === undefined) break;
      this.nowMs = Math.max(this.nowMs, due[1]);
      this.timers.delete(due[0]);
      await this.apply({ type: "timer.fired", timer: due[0] });
    }
    this.nowMs = endMs;
  }

  /** How long until the next timer. */
  get nextTimerMs(): number | undefined {
    return this.timers.size === 0 ? undefined : Math.min(...this.timers.values()) - this.nowMs;
  }

  /** Sends an event to the listeners that it fits. */
  async send(type: string, data: Json, more: Readonly<Record<string, Json>> = {}): Promise<number> {
    const event: CloudEvent = {
      specversion: "1.0",
      id: `event-${this.journal.length}`,
      source: "/test",
      type,
      data,
      ...more,
    };
    let taken = 0;
    for (const [listener, filters] of this.listeners) {
      const fitting = await matcher.fitting(event, filters);
      if (fitting.length === 0) continue;
      taken += 1;
      await this.apply({
        type: "event.received",
        listener,
        event,
        filters: fitting,
      });
    }
    return taken;
  }

  /** One event, and all that follows from it at once. */
  async apply(happening: Happening): Promise<void> {
    const event = { ...happening, atMs: this.nowMs } as JournalEvent;
    const before = frozen(this.state);
    const made = await transition(this.program, before, event, this.format, answering);
    const again = await transition(this.program, copy(before), copy(event), this.format, answering);
    assert.deepEqual(copy(made.state), made.state, "the state is not plain JSON");
    assert.deepEqual(again, made, "a state that was JSON leads elsewhere");
    this.journal.push({ event, program: this.program, format: this.format });
    this.state = made.state;
    let more = false;
    for (const command of made.commands) more = this.#obey(command) || more;
    if (!more) return;
    this.continued += 1;
    if (this.continues) await this.apply({ type: "run.continued" });
  }

  /** The journal from the beginning gives the same state. */
  async replay(): Promise<void> {
    let state: RunState | undefined;
    for (const { event, program, format } of this.journal)
      ({ state } = await transition(program, state, event, format, answering));
    assert.deepEqual(state, this.state);
  }

  #obey(command: Command): boolean {
    switch (command.type) {
      case "effect.start":
        this.effects.set(command.effect, command);
        return false;
      case "effect.cancel":
        this.effects.delete(command.effect);
        this.cancelled.push(command.effect);
        return false;
      case "timer.set":
        this.timers.set(command.timer, command.dueAtMs);
        return false;
      case "timer.clear":
        this.timers.delete(command.timer);
        return false;
      case "listener.open":
        this.listeners.set(command.listener, command.filters);
        return false;
      case "listener.close":
        this.listeners.delete(command.listener);
        return false;
      case "event.publish":
        this.published.push(command.event);
        return false;
      case "task":
        this.news.push(command.task);
        return false;
      case "continue":
        return true;
    }
  }
}

const copy = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) frozen(item);
  return value;
}
