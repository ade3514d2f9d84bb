import type { Json } from "#kernel/json.js";
import { startBranches, startChild, unlink } from "./children.js";
import { type Asking, holds, transformed, validate } from "./dataflow.js";
import type { Draft } from "./draft.js";
import { guarded } from "./errors.js";
import { afterTask, beforeTask } from "./extensions.js";
import type { FrameId } from "./model.js";
import { news } from "./news.js";
import { inputOf, rawOf, type Stage, viewOf } from "./scope.js";
import { checkSize } from "./size.js";
import { releaseAll, stopChildren } from "./stop.js";
import { endBlock, endChild, startTask } from "./tasks/kinds.js";
import { done, type Leaving, type Next } from "./tasks/next.js";
import { startTimeout } from "./timeout.js";
import { withdraw } from "./unwind.js";

/** Begins a task that stands in the queue: `if`, input, timeout, extensions, then what its kind does. */
export function* enter(draft: Draft, id: FrameId): Asking<void> {
  yield* proceed(draft, id, yield* guarded(id, entered(draft, id)));
}

/** Lets a task go on with what has happened to it. */
export function* resume(draft: Draft, id: FrameId, next: Asking<Next>): Asking<void> {
  yield* proceed(draft, id, yield* guarded(id, next));
}

/** Does what a task wants next, and what follows from it for the tasks around it, until one has to wait. */
export function* proceed(draft: Draft, start: FrameId, first: Next): Asking<void> {
  let at: At | undefined = { id: start, next: first };
  while (at !== undefined) at = yield* advance(draft, at.id, at.next);
}

/** A task, and what it wants. */
interface At {
  readonly id: FrameId;
  readonly next: Next;
}

function* advance(draft: Draft, id: FrameId, next: Next): Asking<At | undefined> {
  switch (next.is) {
    case "wait":
      return undefined;
    case "withdraw":
      yield* withdraw(draft, id);
      return undefined;
    case "branches":
    case "task":
      return yield* guarded(id, start(draft, id, next));
    case "begin":
      return { id, next: yield* guarded(id, startTask(draft, id)) };
    case "block": {
      const task = draft.program.blocks.get(next.block)?.[0];
      const { raw } = next;
      if (task !== undefined)
        return yield* guarded(
          id,
          start(draft, id, { is: "task", ref: task.ref, ...(raw === undefined ? {} : { raw }) }),
        );
      const output = raw === undefined ? inputOf(draft, id) : raw;
      return { id, next: yield* guarded(id, endBlock(draft, id, output)) };
    }
    case "done":
      return { id, next: yield* guarded(id, leave(draft, id, next)) };
    case "left":
      return yield* complete(draft, id, next);
  }
}

function* start(draft: Draft, id: FrameId, next: Next & { is: "task" | "branches" }): Asking<undefined> {
  if (next.is === "task") startChild(draft, id, next.ref, next.raw);
  else startBranches(draft, id, next.refs);
  return undefined;
}

function* entered(draft: Draft, id: FrameId): Asking<Next> {
  const { task } = draft.step(id);
  const { parent, leaving } = draft.frame(id);
  const raw = rawOf(draft, id);
  if (leaving !== undefined) return done(leaving.output);
  draft.patch(id, { startedAtMs: draft.nowMs });
  const early = { ...viewOf(draft, id, { early: true }), input: raw };
  if (task.if !== undefined && !(yield* holds(early, task.if))) {
    news(draft, id, "skipped", { input: raw, context: draft.state.context, output: raw });
    return { is: "left", output: raw, skipped: true };
  }
  news(draft, id, "running", { input: raw, context: draft.state.context });
  yield* validate(task.input?.schema, raw, "The input");
  if (task.input?.from !== undefined) {
    const stage: Stage = { early: true, secrets: true };
    const input = yield* transformed({ ...early, stage }, task.input.from);
    if (parent === undefined) draft.set({ input, rawInput: raw });
    else draft.patch(id, { input });
  }
  yield* startTimeout(draft, id);
  return (yield* beforeTask(draft, id, 0)) ?? { is: "begin" };
}

/** The output and the context after a task, and the extensions that come last. */
function* leave(
  draft: Draft,
  id: FrameId,
  { output: raw, then, bypassed }: Next & { is: "done" },
): Asking<Next> {
  const { task } = draft.step(id);
  checkSize(raw, "The output");
  if (draft.frame(id).parent === undefined) draft.patch(id, { leaving: { output: raw } });
  const output = yield* transformed(
    { ...viewOf(draft, id, { rawOutput: raw }), input: raw },
    task.output?.as,
  );
  yield* validate(task.output?.schema, output, "The output");
  if (task.export?.as !== undefined) {
    const view = { ...viewOf(draft, id, { rawOutput: raw, output }), input: output };
    const context = yield* transformed(view, task.export.as);
    yield* validate(task.export.schema, context, "The context");
    draft.set({ context });
  }
  const where = then ?? task.then;
  const leaving: Leaving = { output, ...(where === undefined ? {} : { then: where }) };
  const after = bypassed ? undefined : yield* afterTask(draft, id, { leaving, raw });
  return after ?? { is: "left", ...leaving };
}

/** The task is gone; the one around it goes on. */
function* complete(draft: Draft, id: FrameId, { output, then, skipped }: Leaving): Asking<At | undefined> {
  const step = draft.step(id);
  const { parent } = draft.frame(id);
  if (!skipped) news(draft, id, "completed", { output });
  releaseAll(draft, id, "The task is done");
  if (parent === undefined) {
    draft.remove(id);
    draft.set({ status: "completed", output });
    return undefined;
  }
  unlink(draft, parent, id);
  if (isBranch(draft, parent)) draft.replace(id, { ref: step.ref, parent, result: { output } });
  else draft.remove(id);
  // A cancelled run is ending already: what compensates cannot end it sooner.
  if (then === "end" && draft.state.cancelling === undefined) return end(draft, parent, output);
  return { id: parent, next: yield* guarded(parent, endChild(draft, parent, step, output, then)) };
}

/** Whether what runs under a task is a branch of it. */
const isBranch = (draft: Draft, parent: FrameId): boolean =>
  draft.frame(parent).fork !== undefined && draft.frame(parent).extension === undefined;

/** `then: end`: the workflow's output is that of the task; the tasks around it are done, all others are cancelled. */
function end(draft: Draft, from: FrameId, output: Json): At {
  let id = from;
  for (;;) {
    stopChildren(draft, id, "The workflow has ended");
    const { parent } = draft.frame(id);
    if (parent === undefined) return { id, next: done(output) };
    releaseAll(draft, id, "The workflow has ended");
    news(draft, id, "completed", { output });
    draft.remove(id);
    unlink(draft, parent, id);
    id = parent;
  }
}
