import { startChild, unlink } from "./children.js";
import type { Asking } from "./dataflow.js";
import type { Draft } from "./draft.js";
import { Fault, standardError } from "./errors.js";
import type { Frame, FrameId, RunState, WorkflowError } from "./model.js";
import { news } from "./news.js";
import { namePath } from "./refs.js";
import { viewOf } from "./scope.js";
import { hasChildren, isOpen, releaseAll, stopChildren } from "./stop.js";
import type { Next } from "./tasks/next.js";
import { caught, compensation } from "./tasks/try.js";

/**
 * A task fails. The error goes outwards until a `try` catches it; that one, and what it wants next, are returned. At the top the run
 * fails, and the frames stay for a retry. With `inside` the error comes from the attempt of a `try` as such: it may catch it itself.
 */
export function* fail(
  draft: Draft,
  origin: FrameId,
  first: WorkflowError,
  inside = false,
): Asking<{ readonly id: FrameId; readonly next: Next } | undefined> {
  const failed = new Set<FrameId>();
  let error = first;
  for (let id: FrameId | undefined = origin; id !== undefined; id = draft.frame(id).parent) {
    const frame = draft.frame(id);
    const step = draft.step(id);
    if (step.kind === "try" && frame.extension === undefined && (id !== origin || inside)) {
      if (frame.trying?.unwinding) {
        stopChildren(draft, id, "The compensation has failed", failed);
        return { id, next: { is: "withdraw" } };
      }
      try {
        const next: Next | undefined = yield* caught(viewOf(draft, id), step.task, error);
        if (next !== undefined) {
          stopChildren(draft, id, "An error was caught", failed);
          return { id, next };
        }
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
        error = { ...thrown.error, instance: frame.ref };
      }
    }
    failed.add(id);
    news(draft, id, "failed", { error });
  }
  failRun(draft, origin, error, failed);
  return undefined;
}

/** The run stops as it is: what was under way is set back to its beginning, so that a retry enters it again; what is done stays done. */
function failRun(draft: Draft, origin: FrameId, error: WorkflowError, failed: ReadonlySet<FrameId>): void {
  const reason = "The run has failed";
  stopChildren(draft, origin, reason, failed);
  const again: FrameId[] = [];
  for (const [id, frame] of draft.frames()) {
    if (!isOpen(frame)) continue;
    releaseAll(draft, id, reason);
    const leaf = !hasChildren(frame);
    if (!failed.has(id)) news(draft, id, "cancelled");
    if (leaf && (id === origin || frame.listening === undefined)) {
      draft.replace(id, begun(draft, frame));
      if (id !== origin) again.push(id);
    } else draft.replace(id, still(frame));
  }
  draft.requeue([origin, ...again]);
  draft.set({ status: "failed", error });
}

/** A frame as it was before it was entered. The workflow keeps what its tasks have given, a task the call that has come to nothing. */
function begun(
  { keepsCalls }: Draft,
  { ref, parent, attempt, raw, leaving, effect, resumes = effect }: Frame,
): Frame {
  return {
    ref,
    ...(parent === undefined ? {} : { parent }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(raw === undefined ? {} : { raw }),
    ...(leaving === undefined ? {} : { leaving }),
    ...(resumes !== undefined && keepsCalls ? { resumes } : {}),
  };
}

/** A frame without its timers and its listener. */
function still(frame: Frame): Frame {
  const { timeout, trying, listening, ...rest } = frame;
  return {
    ...rest,
    ...(timeout === undefined ? {} : { timeout: { ms: timeout.ms } }),
    ...(trying === undefined ? {} : { trying: without(trying, "timer") }),
    ...(listening === undefined ? {} : { listening: without(listening, "listener") }),
  };
}

function without<T extends object, Key extends keyof T>(value: T, key: Key): Omit<T, Key> {
  const rest: Partial<T> = { ...value };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  delete rest[key];
  return rest as Omit<T, Key>;
}

/** Cancels a run: what is under way ends, innermost first, and catches for it compensate on the way. The second time all ends at once. */
export function* cancel(draft: Draft, reason: string): Asking<void> {
  const again = draft.state.cancelling !== undefined;
  const error = standardError("cancelled", "The run was cancelled", { detail: reason });
  const unfinished = again || !draft.keepsCalls ? draft.state.unfinished : unfinishedCalls(draft);
  draft.set({ status: "running", held: undefined, cancelling: draft.state.cancelling ?? error, unfinished });
  draft.requeue([]);
  const frames = draft.frames().map(([id]) => id);
  for (const id of frames) releaseAll(draft, id, reason);
  if (again) {
    const root = frames.find((id) => draft.frame(id).parent === undefined);
    if (root === undefined) return;
    stopChildren(draft, root, reason);
    yield* withdraw(draft, root);
    return;
  }
  for (const id of frames.reverse()) {
    const frame = draft.find(id);
    if (frame !== undefined && frame.result === undefined && !hasChildren(frame) && !frame.trying?.unwinding)
      yield* withdraw(draft, id);
  }
}

/** The calls that a cancellation ends, by their tasks' paths of names; undefined when there are none. */
function unfinishedCalls(draft: Draft): RunState["unfinished"] {
  const calls = draft.frames().flatMap(([, { ref, effect, resumes = effect }]) => {
    return resumes === undefined ? [] : [[namePath(ref), resumes] as const];
  });
  return calls.length === 0 ? undefined : Object.fromEntries(calls);
}

/** Takes a cancelled task away, and then those around it; stops at one that compensates, or that has other branches to wait for. */
export function* withdraw(draft: Draft, start: FrameId): Asking<void> {
  for (let id: FrameId | undefined = start; id !== undefined; ) {
    const frame: Frame = draft.frame(id);
    if (hasChildren(frame)) return;
    releaseAll(draft, id, "The run was cancelled");
    if (yield* compensates(draft, id)) return;
    // Branches that were done are all that can be left of it.
    stopChildren(draft, id, "The run was cancelled");
    if (isOpen(frame)) news(draft, id, "cancelled");
    draft.remove(id);
    if (frame.parent === undefined) {
      const { cancelling } = draft.state;
      draft.set({ status: "cancelled", error: cancelling, cancelling: undefined });
    } else unlink(draft, frame.parent, id);
    id = frame.parent;
  }
}

/** Begins the compensation of a `try`, where it has one. An expression of its catch that fails means that it has none. */
function* compensates(draft: Draft, id: FrameId): Asking<boolean> {
  const step = draft.step(id);
  const { cancelling } = draft.state;
  if (step.kind !== "try" || draft.frame(id).extension !== undefined || cancelling === undefined)
    return false;
  try {
    const next = yield* compensation(viewOf(draft, id), step.task, { ...cancelling, instance: step.ref });
    const first = next?.is === "block" ? draft.program.blocks.get(next.block)?.[0] : undefined;
    if (first !== undefined) startChild(draft, id, first.ref);
    return first !== undefined;
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    news(draft, id, "failed", { error: { ...thrown.error, instance: step.ref } });
    return false;
  }
}
