import type { Draft } from "./draft.js";
import type { Frame, FrameId, WaitId } from "./model.js";
import { news } from "./news.js";

/** Whether a task under this one is under way. */
export const hasChildren = ({ child, fork }: Frame): boolean =>
  child !== undefined || (fork !== undefined && fork.live > 0);

/** The frames directly under one; of a fork, its branches, also those that are done. */
function childrenOf(draft: Draft, id: FrameId): readonly FrameId[] {
  const { child, fork } = draft.frame(id);
  const branches =
    fork === undefined ? [] : draft.frames().filter(([one, { parent }]) => parent === id && one !== child);
  const ids = branches.map(([one]) => one);
  return child === undefined ? ids : [child, ...ids];
}

/** Whether a task is not done; it may be about to begin, as a branch whose turn has not come. */
export const isOpen = ({ result }: Frame): boolean => result === undefined;

/** A frame and all under it, innermost first. */
function subtree(draft: Draft, id: FrameId): readonly FrameId[] {
  const found: FrameId[] = [id];
  for (let at = 0; at < found.length; at += 1) found.push(...childrenOf(draft, found[at] ?? id));
  return found.reverse();
}

/** Ends what a frame waits for. */
export function releaseAll(draft: Draft, id: FrameId, reason: string): void {
  const { timeout, effect, timer, trying, listening } = draft.frame(id);
  const waits: (WaitId | undefined)[] = [timeout?.timer, effect, timer, trying?.timer, listening?.listener];
  for (const wait of waits) draft.release(wait, reason);
}

/** Ends everything under a frame, innermost first. Those on the path of an error have said already that they failed. */
export function stopChildren(
  draft: Draft,
  id: FrameId,
  reason: string,
  failed: ReadonlySet<FrameId> = new Set(),
): void {
  const gone = new Set<FrameId>();
  for (const child of childrenOf(draft, id)) for (const one of subtree(draft, child)) gone.add(one);
  if (gone.size === 0) return;
  draft.forget(gone);
  for (const one of gone) {
    releaseAll(draft, one, reason);
    if (!failed.has(one) && isOpen(draft.frame(one))) news(draft, one, "cancelled");
  }
  for (const one of gone) draft.remove(one);
  const { fork } = draft.frame(id);
  draft.patch(id, { child: undefined, fork: fork === undefined ? undefined : { live: 0 } });
}
