import { ComityError } from "#kernel/errors.js";
import type { EffectId } from "#kernel/refs.js";
import { startChild } from "./children.js";
import type { Asking } from "./dataflow.js";
import type { Draft } from "./draft.js";
import { guarded } from "./errors.js";
import type { Frame, FrameId, JournalEvent } from "./model.js";
import { news } from "./news.js";
import type { Step } from "./program.js";
import { namePath } from "./refs.js";
import { viewOf } from "./scope.js";
import { reopen } from "./tasks/listen.js";
import { attemptTimer } from "./tasks/try.js";
import { startTimeout } from "./timeout.js";

type Retried = Extract<JournalEvent, { type: "run.retried" }>;

/** Lets a run that is over go on: from what has failed, or from a task of the caller's choice. */
export function* retry(draft: Draft, { from }: Retried): Asking<void> {
  const { status } = draft.state;
  if (status === "running" || status === "paused")
    throw new ComityError("RUN_STATE_WRONG", `The run is ${status}: only a run that is over can be retried.`);
  if (from !== undefined) yield* enterAt(draft, from);
  else if (status === "failed") yield* enterFailed(draft);
  else
    throw new ComityError("RUN_STATE_WRONG", `The run is ${status}: no task of it has failed.`, {
      hint: "Say from which task it is to be repeated.",
    });
}

/** Enters the failed task again, and those that its failure has ended. */
function* enterFailed(draft: Draft): Asking<void> {
  draft.set({ status: "running", error: undefined });
  const again = new Set(draft.state.ready);
  for (const [id, frame] of draft.frames()) {
    // A branch that was done, and is no longer wanted.
    if (frame.result !== undefined && !draft.program.refs.has(namePath(frame.ref))) draft.remove(id);
    else draft.replace(id, moved(draft, frame));
  }
  for (const [id, { attempt, parent, leaving, result }] of draft.frames()) {
    if (result !== undefined) continue;
    if (again.has(id)) {
      if (parent !== undefined && leaving === undefined) draft.patch(id, { attempt: (attempt ?? 1) + 1 });
    } else yield* guarded(id, wakeUp(draft, id));
  }
}

/** A task around the failed one: its clocks start anew. */
function* wakeUp(draft: Draft, id: FrameId): Asking<void> {
  const { timeout, trying } = draft.frame(id);
  const step = draft.step(id);
  if (timeout !== undefined)
    draft.patch(id, { timeout: { ...timeout, timer: draft.setTimer(id, timeout.ms) } });
  if (step.kind === "listen") {
    reopen(draft, id, step.task);
    news(draft, id, "waiting");
    return;
  }
  if (step.kind === "try" && trying !== undefined) {
    const again = { ...trying, attempt: 1, sinceMs: draft.nowMs };
    draft.patch(id, { trying: again });
    if (trying.phase === "try") yield* attemptTimer(viewOf(draft, id), step.task);
  }
  news(draft, id, "running");
}

/** The frame with the task's pointer in the definition of now. */
function moved(draft: Draft, frame: Frame): Frame {
  const ref = draft.program.refs.get(namePath(frame.ref));
  const step = ref === undefined ? undefined : draft.program.steps.get(ref);
  if (step === undefined)
    throw new ComityError(
      "TASK_NOT_FOUND",
      `The new definition has no task ${frame.ref}, which is under way.`,
      {
        hint: "Keep the names of the tasks that are under way, or say from which task the run is to be repeated.",
      },
    );
  const kind = kindOf(frame);
  if (kind !== undefined && kind !== step.kind)
    throw new ComityError(
      "TASK_NOT_FOUND",
      `${frame.ref} is under way as a ${kind}, and is a ${step.kind} in the new definition.`,
      {
        hint: "Keep the kinds of the tasks that are under way, or say from which task the run is to be repeated.",
      },
    );
  return { ...frame, ref: step.ref };
}

/** The kind of a composite, seen from what it keeps. */
function kindOf({ loop, fork, trying, listening }: Frame): Step["kind"] | undefined {
  if (loop !== undefined) return "for";
  if (fork !== undefined) return "fork";
  if (trying !== undefined) return "try";
  return listening === undefined ? undefined : "listen";
}

/** Begins the workflow in the middle: all before the task counts as done. */
function* enterAt(draft: Draft, from: NonNullable<Retried["from"]>): Asking<void> {
  const path = pathTo(draft, from.ref);
  const resumes = unfinishedCall(draft, from.ref);
  draft.clear();
  draft.set({
    status: "running",
    context: from.context,
    output: undefined,
    error: undefined,
    cancelling: undefined,
    held: undefined,
    unfinished: undefined,
  });
  let parent = draft.add("");
  for (const step of path) {
    draft.dequeue();
    yield* guarded(parent, around(draft, parent));
    startChild(draft, parent, step.ref, from.input);
    parent = draft.frame(parent).child ?? parent;
  }
  if (draft.keepsCalls) draft.patch(parent, { resumes });
}

/** The last call of a task, when that has failed or was cancelled: of a failed run its frame knows, of a cancelled one the run. */
function unfinishedCall(draft: Draft, ref: string): EffectId | undefined {
  const path = namePath(ref);
  const frame = draft.frames().find(([, { ref: one }]) => namePath(one) === path)?.[1];
  return frame?.resumes ?? draft.state.unfinished?.[path];
}

/** A task around the one to begin with is under way already. */
function* around(draft: Draft, id: FrameId): Asking<void> {
  const step = draft.step(id);
  draft.patch(id, { startedAtMs: draft.nowMs });
  news(draft, id, "running");
  yield* startTimeout(draft, id);
  if (step.kind !== "try") return;
  draft.patch(id, { trying: { phase: "try", attempt: 1, sinceMs: draft.nowMs } });
  yield* attemptTimer(viewOf(draft, id), step.task);
}

/** The tasks from the top to the one at a pointer, that one included. */
function pathTo(draft: Draft, wanted: string): readonly Step[] {
  const { steps, refs } = draft.program;
  // The workflow as a whole is no task.
  const ref = wanted === "" ? undefined : refs.get(namePath(wanted));
  const path: Step[] = [];
  for (let at = ref; at !== ""; ) {
    const step: Step | undefined = at === undefined ? undefined : steps.get(at);
    if (step?.parentRef === undefined)
      throw new ComityError(
        "TASK_NOT_FOUND",
        `The workflow has no task ${wanted} that a run could be repeated from.`,
        {
          hint: "Take a task of the workflow's own list, by its pointer, for example /do/0/prepare.",
        },
      );
    path.unshift(step);
    checkAround(draft.stepAt(step.parentRef), step, wanted);
    at = step.parentRef;
  }
  return path;
}

/** Loops, branches and catches know more than an input and a context: one cannot begin in the middle of them. */
function checkAround(around: Step, inside: Step, wanted: string): void {
  const caught = around.kind === "try" && inside.block?.endsWith("/catch/do");
  if ((around.kind === "do" || around.kind === "try") && !caught) return;
  const what = caught ? "catch of" : around.kind === "for" ? "loop" : around.kind;
  throw new ComityError("TASK_NOT_FOUND", `${wanted} lies in the ${what} ${around.name}.`, {
    hint: `Retry from ${around.ref}.`,
  });
}
