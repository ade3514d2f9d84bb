import type { Json } from "#kernel/json.js";
import type { Draft } from "./draft.js";
import type { FrameId } from "./model.js";
import { attemptOf } from "./news.js";

/** Starts the one task under a frame. Without `raw` its input is that of the frame. */
export function startChild(draft: Draft, id: FrameId, ref: string, raw?: Json): void {
  draft.patch(id, { child: draft.add(ref, id, inherited(draft, id, raw)) });
}

/** Starts branches of a fork. */
export function startBranches(draft: Draft, id: FrameId, refs: readonly string[]): void {
  for (const ref of refs) draft.add(ref, id, inherited(draft, id));
  draft.patch(id, { fork: { live: (draft.frame(id).fork?.live ?? 0) + refs.length } });
}

/** A frame under another one is gone. */
export function unlink(draft: Draft, parent: FrameId, child: FrameId): void {
  const { fork, child: only } = draft.frame(parent);
  if (only === child) draft.patch(parent, { child: undefined });
  else if (fork !== undefined) draft.patch(parent, { fork: { live: fork.live - 1 } });
}

function inherited(draft: Draft, id: FrameId, raw?: Json): { raw?: Json; attempt?: number } {
  const attempt = attemptOf(draft, id);
  return { ...(raw === undefined ? {} : { raw }), ...(attempt === 1 ? {} : { attempt }) };
}
