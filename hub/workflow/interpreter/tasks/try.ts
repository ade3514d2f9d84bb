import type { Json } from "#kernel/json.js";
import type { TryTask } from "../../definition/model.js";
import { type Asking, fill, holds } from "../dataflow.js";
import { evaluateDuration } from "../duration.js";
import { fits, isCancelled } from "../errors.js";
import type { TryFrame, WorkflowError } from "../model.js";
import { news } from "../news.js";
import { nextDelay, policyOf } from "../retry.js";
import { type View, viewOf } from "../scope.js";
import { done, type Next, wait } from "./next.js";

/** `try`: its tasks, and what its catch does when one of them fails. */
export function* startTry(view: View, task: TryTask): Asking<Next> {
  return yield* attempt(view, task, { attempt: 1, sinceMs: view.draft.nowMs });
}

/** The delay before the next attempt is over. */
export function* tryAgain(view: View, task: TryTask): Asking<Next> {
  const { trying } = view.draft.frame(view.id);
  if (trying === undefined) return wait;
  return yield* attempt(view, task, { attempt: trying.attempt + 1, sinceMs: trying.sinceMs });
}

function* attempt(view: View, task: TryTask, counted: Pick<TryFrame, "attempt" | "sinceMs">): Asking<Next> {
  const { draft, id } = view;
  draft.patch(id, { trying: { ...counted, phase: "try" } });
  yield* attemptTimer(view, task);
  if (counted.attempt > 1) news(draft, id, "running");
  return { is: "block", block: `${draft.frame(id).ref}/try` };
}

/** Sets the limit of an attempt (reading 2), where there is one. */
export function* attemptTimer(view: View, task: TryTask): Asking<void> {
  const { draft, id } = view;
  const limit = policyOf(view, task.catch.retry)?.limit?.attempt?.duration;
  const { trying } = draft.frame(id);
  if (limit === undefined || trying === undefined) return;
  const limitMs = yield* evaluateDuration(view, limit);
  draft.patch(id, { trying: { ...trying, timer: draft.setTimer(id, limitMs) } });
}

/** The tasks of the try, or those of its catch, are done. */
export function endTry(view: View, task: TryTask, output: Json): Next {
  const { draft, id } = view;
  const { trying } = draft.frame(id);
  draft.release(trying?.timer, "The attempt is done");
  if (trying?.unwinding) return { is: "withdraw" };
  return done(output, trying?.phase === "catch" ? task.catch.then : undefined);
}

/**
 * A task within the try has failed. Undefined: this catch is not for the error. First come the retries; then `catch.do`, once
 * (reading 8). A catch that has retries and no `do` lets the last error through.
 */
export function* caught(view: View, task: TryTask, error: WorkflowError): Asking<Next | undefined> {
  const { draft, id } = view;
  const { trying } = draft.frame(id);
  if (trying?.phase !== "try" || !(yield* matches(view, task, error))) return undefined;
  const policy = policyOf(view, task.catch.retry);
  if (policy !== undefined) {
    const delayMs = yield* nextDelay(seeing(view, task, error), policy, trying);
    if (delayMs !== undefined) return yield* retryAfter(view, task, error, delayMs);
  }
  if (task.catch.do === undefined && policy !== undefined) return undefined;
  draft.release(trying.timer, "The attempt has failed");
  if (task.catch.do === undefined) return done(view.input, task.catch.then);
  return intoCatch(view, error);
}

function* retryAfter(view: View, task: TryTask, error: WorkflowError, delayMs: number): Asking<Next> {
  const { draft, id } = view;
  const { trying } = draft.frame(id);
  if (trying === undefined) return wait;
  draft.release(trying.timer, "The attempt has failed");
  const { attempt: number, sinceMs } = trying;
  if (delayMs === 0) {
    news(draft, id, "retrying", { error });
    draft.patch(id, { trying: { phase: "delay", attempt: number, sinceMs, error } });
    return yield* tryAgain(view, task);
  }
  const timer = draft.setTimer(id, delayMs);
  draft.patch(id, { trying: { phase: "delay", attempt: number, sinceMs, error, timer } });
  news(draft, id, "retrying", { error });
  return wait;
}

function intoCatch({ draft, id }: View, error: WorkflowError, unwinding?: true): Next {
  const { ref, trying } = draft.frame(id);
  if (trying === undefined) return wait;
  const { attempt: number, sinceMs } = trying;
  draft.patch(id, {
    trying: { phase: "catch", attempt: number, sinceMs, error, ...(unwinding ? { unwinding } : {}) },
  });
  return { is: "block", block: `${ref}/catch/do` };
}

/** The catch that compensates when the run is cancelled: only one that names the type `cancelled`. Undefined: there is none. */
export function* compensation(view: View, task: TryTask, error: WorkflowError): Asking<Next | undefined> {
  const { trying } = view.draft.frame(view.id);
  if (trying === undefined || trying.phase === "catch") return undefined;
  if (!isCancelled(task.catch.errors?.with?.type) || (task.catch.do ?? []).length === 0) return undefined;
  return (yield* matches(view, task, error)) ? intoCatch(view, error, true) : undefined;
}

function* matches(view: View, task: TryTask, error: WorkflowError): Asking<boolean> {
  const { errors, when, exceptWhen } = task.catch;
  const seen = seeing(view, task, error);
  if (errors?.with !== undefined) {
    const filter = yield* fill(seen, errors.with);
    if (!fits(error, filter as Readonly<Record<string, Json>>)) return false;
  }
  if (when !== undefined && !(yield* holds(seen, when))) return false;
  return exceptWhen === undefined || !(yield* holds(seen, exceptWhen));
}

/** The try's view with the error as a variable. */
const seeing = (view: View, task: TryTask, error: WorkflowError): View =>
  viewOf(view.draft, view.id, { variables: { [task.catch.as ?? "error"]: error as unknown as Json } });
