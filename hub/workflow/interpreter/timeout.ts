import type { Asking } from "./dataflow.js";
import type { Draft } from "./draft.js";
import { evaluateDuration } from "./duration.js";
import { fault } from "./errors.js";
import type { FrameId } from "./model.js";
import { viewOf } from "./scope.js";

/** Sets the timer of a task that has a timeout, in place or by its name. */
export function* startTimeout(draft: Draft, id: FrameId): Asking<void> {
  const { timeout } = draft.step(id).task;
  if (timeout === undefined) return;
  const found = typeof timeout === "string" ? draft.program.workflow.use?.timeouts?.[timeout] : timeout;
  if (found === undefined)
    throw fault("configuration", `The workflow has no timeout ${JSON.stringify(timeout)}`);
  const ms = yield* evaluateDuration(viewOf(draft, id), found.after);
  draft.patch(id, { timeout: { ms, timer: draft.setTimer(id, ms) } });
}
