import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { Asking } from "./dataflow.js";
import { Draft } from "./draft.js";
import { Fault, fault } from "./errors.js";
import { enter, proceed, resume } from "./flow.js";
import type { JournalFormat } from "./format.js";
import type {
  FrameId,
  HeldEvent,
  JournalEvent,
  RunInfo,
  RunState,
  TimerId,
  Transition,
  WorkflowError,
} from "./model.js";
import type { Program } from "./program.js";
import { retry } from "./restart.js";
import { viewOf } from "./scope.js";
import { rowOf } from "./table.js";
import { endEffect, takeEvent } from "./tasks/kinds.js";
import { done, type Next } from "./tasks/next.js";
import { tryAgain } from "./tasks/try.js";
import { cancel, fail } from "./unwind.js";

/** How many tasks one transition may begin; then the engine has its turn. */
const maxStepsPerTransition = 100;

/**
 * What one event makes of a run. Pure: the same program, state, event, format and answers give the same transition, and the given state stays
 * as it is. Yields what it wants to know; the answers come back, or an ExpressionError is thrown in. An event that nothing waits
 * for any longer changes nothing. Throws `RUN_STATE_WRONG` or `TASK_NOT_FOUND` for a retry that cannot be.
 */
export function* interpret(
  program: Program,
  state: RunState | undefined,
  event: JournalEvent,
  format: JournalFormat,
): Asking<Transition> {
  if (event.type === "run.started") {
    if (state !== undefined) return { state, commands: [] };
    const draft = new Draft(program, fresh(event.info, event.input), event.atMs, format);
    draft.add("");
    return yield* finish(draft);
  }
  if (state === undefined) throw new ComityError("RUN_STATE_WRONG", "The run has not been started.");
  if (isStale(state, event)) return { state, commands: [] };
  const draft = new Draft(program, state, event.atMs, format);
  yield* apply(draft, event);
  return yield* finish(draft);
}

function fresh(info: RunInfo, input: Json): RunState {
  return {
    status: "running",
    info,
    input,
    context: {},
    frames: {},
    ready: [],
    waits: {},
    counters: { frame: 0, effect: 0, timer: 0, listener: 0 },
  };
}

/** Whether the run has nothing to do with an event: nobody waits for it, or the run is over. */
function isStale(state: RunState, event: Exclude<JournalEvent, { type: "run.started" }>): boolean {
  const over = state.status !== "running" && state.status !== "paused";
  switch (event.type) {
    case "run.retried":
      return false;
    case "effect.completed":
    case "effect.failed":
      return over || rowOf(state.waits, event.effect) === undefined;
    case "timer.fired":
      return over || rowOf(state.waits, event.timer) === undefined;
    case "event.received":
      return over || rowOf(state.waits, event.listener) === undefined;
    case "run.paused":
    case "run.continued":
      return state.status !== "running";
    case "run.resumed":
      return state.status !== "paused";
    case "run.cancelled":
      return over;
  }
}

function* apply(draft: Draft, event: JournalEvent): Asking<void> {
  const paused = draft.state.status === "paused";
  switch (event.type) {
    case "run.paused":
      draft.set({ status: "paused" });
      return;
    case "run.resumed": {
      const { held = [] } = draft.state;
      draft.set({ status: "running", held: undefined });
      for (const one of held) yield* happen(draft, one);
      return;
    }
    case "run.cancelled":
      yield* cancel(draft, event.reason);
      return;
    case "run.retried":
      yield* settle(draft, retry(draft, event));
      return;
    case "run.started":
    case "run.continued":
      return;
    case "effect.completed":
    case "effect.failed":
    case "timer.fired":
    case "event.received":
      if (paused) draft.set({ held: [...(draft.state.held ?? []), event] });
      else yield* happen(draft, event);
  }
}

/** Something that a task waits for has happened. */
function* happen(draft: Draft, event: HeldEvent): Asking<void> {
  switch (event.type) {
    case "effect.completed":
    case "effect.failed": {
      const id = draft.waiting(event.effect);
      if (id === undefined) return;
      draft.release(event.effect);
      const failed = event.type === "effect.failed";
      draft.patch(id, { effect: undefined });
      if (failed && draft.keepsCalls) draft.patch(id, { resumes: event.effect });
      yield* settle(
        draft,
        failed
          ? resume(draft, id, failing(event.error))
          : proceed(draft, id, endEffect(draft, id, event.output)),
      );
      return;
    }
    case "timer.fired": {
      const id = draft.waiting(event.timer);
      if (id === undefined) return;
      draft.release(event.timer);
      yield* fire(draft, id, event.timer);
      return;
    }
    case "event.received": {
      const id = draft.waiting(event.listener);
      if (id !== undefined)
        yield* settle(draft, resume(draft, id, takeEvent(draft, id, event.event, event.filters)));
      return;
    }
  }
}

/** A timer is a task's timeout, the limit or the delay of a `try`, or a `wait`. */
function* fire(draft: Draft, id: FrameId, timer: TimerId): Asking<void> {
  const { timeout, trying } = draft.frame(id);
  const step = draft.step(id);
  if (timeout?.timer === timer) {
    const late = fault("timeout", `${step.name} took too long`, `It was given ${timeout.ms} ms.`);
    yield* settle(draft, resume(draft, id, failing(late.error)));
  } else if (trying?.timer === timer && step.kind === "try") {
    if (trying.phase === "delay")
      yield* settle(draft, resume(draft, id, tryAgain(viewOf(draft, id), step.task)));
    else yield* attemptTooLong(draft, id, step.name);
  } else {
    draft.patch(id, { timer: undefined });
    yield* settle(draft, proceed(draft, id, done(viewOf(draft, id).input)));
  }
}

function* attemptTooLong(draft: Draft, id: FrameId, name: string): Asking<void> {
  const { error } = fault("timeout", `An attempt at ${name} took too long`);
  const caught = yield* fail(draft, id, { ...error, instance: draft.frame(id).ref }, true);
  if (caught !== undefined) yield* settle(draft, proceed(draft, caught.id, caught.next));
}

function* failing(error: WorkflowError): Asking<Next> {
  throw new Fault(error);
}

/** Runs a part of the transition to its end; a task that fails on the way is unwound, and what catches it goes on. */
function* settle(draft: Draft, first: Asking<void>): Asking<void> {
  let part: Asking<void> | undefined = first;
  while (part !== undefined) {
    try {
      yield* part;
      return;
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.frame === undefined) throw thrown;
      const id = thrown.frame;
      const caught = yield* fail(draft, id, { ...thrown.error, instance: instanceOf(draft, id) });
      part = caught === undefined ? undefined : proceed(draft, caught.id, caught.next);
    }
  }
}

/** The pointer of the task that has failed; of the workflow as a whole, of the part that has. */
function instanceOf(draft: Draft, id: FrameId): string {
  const { ref, leaving, child } = draft.frame(id);
  if (ref !== "") return ref;
  return leaving !== undefined ? "/output" : child !== undefined ? "/timeout" : "/input";
}

/** Begins the tasks that are ready, each in its turn, as far as the budget goes. */
function* finish(draft: Draft): Asking<Transition> {
  for (let steps = 0; steps < maxStepsPerTransition && draft.state.status === "running"; steps += 1) {
    const id = draft.dequeue();
    if (id === undefined) break;
    yield* settle(draft, enter(draft, id));
  }
  const { status, ready } = draft.state;
  if (status === "running" && ready.length > 0) draft.command({ type: "continue" });
  return draft.transition();
}
