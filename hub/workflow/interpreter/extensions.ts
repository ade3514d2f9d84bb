import type { Json } from "#kernel/json.js";
import { type Asking, holds } from "./dataflow.js";
import type { Draft } from "./draft.js";
import type { FrameId } from "./model.js";
import { type Stage, viewOf } from "./scope.js";
import type { Leaving, Next } from "./tasks/next.js";

/** What a task has given, for the extensions after it. */
interface Result {
  readonly raw: Json;
  readonly leaving: Leaving;
}

/**
 * The next extension to run before a task, from a place on; undefined: none is left. Its tasks get the task's input. What they
 * give is dropped, unless they `exit`: then the task is passed over, and gives that instead.
 */
export function* beforeTask(draft: Draft, id: FrameId, from: number): Asking<Next | undefined> {
  const { extensions } = draft.step(id);
  if (extensions.length === 0 || isInExtension(draft, id)) return undefined;
  draft.patch(id, { extension: undefined });
  for (const [place, { ref, rule }] of extensions.entries()) {
    if (place < from || rule.before === undefined) continue;
    if (!(yield* applies(draft, id, rule.when, {}))) continue;
    draft.patch(id, { extension: { side: "before", place } });
    return { is: "block", block: `${ref}/before` };
  }
  return undefined;
}

/** The next extension to run after a task, from a place downwards: the first one is the outermost. */
export function* afterTask(
  draft: Draft,
  id: FrameId,
  result: Result,
  from = Number.POSITIVE_INFINITY,
): Asking<Next | undefined> {
  const { extensions } = draft.step(id);
  if (extensions.length === 0 || isInExtension(draft, id)) return undefined;
  draft.patch(id, { extension: undefined });
  for (const [place, { ref, rule }] of [...extensions.entries()].reverse()) {
    if (place > from || rule.after === undefined) continue;
    const stage = { rawOutput: result.raw, output: result.leaving.output };
    if (!(yield* applies(draft, id, rule.when, stage))) continue;
    draft.patch(id, { extension: { side: "after", place, result } });
    return { is: "block", block: `${ref}/after`, raw: result.leaving.output };
  }
  return undefined;
}

/** The tasks of an extension are done. */
export function* endExtension(
  draft: Draft,
  id: FrameId,
  output: Json,
  then: string | undefined,
): Asking<Next> {
  const { extension } = draft.frame(id);
  draft.patch(id, { extension: undefined });
  if (extension?.result !== undefined) {
    const { result, place } = extension;
    return (yield* afterTask(draft, id, result, place - 1)) ?? { is: "left", ...result.leaving };
  }
  if (then === "exit") return { is: "done", output, bypassed: true };
  return (yield* beforeTask(draft, id, (extension?.place ?? 0) + 1)) ?? { is: "begin" };
}

function* applies(draft: Draft, id: FrameId, when: string | undefined, stage: Stage): Asking<boolean> {
  return when === undefined || (yield* holds(viewOf(draft, id, stage), when));
}

/** Extensions do not stand around their own tasks. */
function isInExtension(draft: Draft, id: FrameId): boolean {
  for (let at = draft.frame(id).parent; at !== undefined; at = draft.frame(at).parent)
    if (draft.frame(at).extension !== undefined) return true;
  return false;
}
