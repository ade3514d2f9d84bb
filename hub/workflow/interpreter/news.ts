import type { Draft } from "./draft.js";
import type { FrameId, TaskNews, TaskState } from "./model.js";

/** Tells what has become of a task. The workflow as a whole is no task. */
export function news(
  draft: Draft,
  id: FrameId,
  state: TaskState,
  more: Pick<TaskNews, "input" | "context" | "output" | "error"> = {},
): void {
  const frame = draft.frame(id);
  if (frame.parent === undefined) return;
  const step = draft.stepAt(frame.ref);
  draft.command({
    type: "task",
    task: {
      ref: step.ref,
      name: step.name,
      kind: step.kind,
      ...(step.kind === "call" ? { call: step.task.call } : {}),
      state,
      attempt: attemptOf(draft, id),
      ...more,
    },
  });
}

/** Which attempt at a task this is; a `try` counts its own. */
export function attemptOf(draft: Draft, id: FrameId): number {
  const frame = draft.frame(id);
  return frame.trying?.attempt ?? frame.attempt ?? 1;
}
