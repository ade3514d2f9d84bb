import type { Json } from "#kernel/json.js";
import type { ForkTask } from "../../definition/model.js";
import type { Draft } from "../draft.js";
import type { Frame, FrameId } from "../model.js";
import { stopChildren } from "../stop.js";
import { done, type Next, wait } from "./next.js";

/** `fork`: all branches at once, each with the fork's input. */
export function startFork(draft: Draft, id: FrameId): Next {
  draft.patch(id, { fork: { live: 0 } });
  return missing(draft, id);
}

/**
 * A branch is done. Where branches compete, the first that completes ends the others, and its output is the fork's; else the fork waits
 * for all, and gives their outputs in the order of the document. A branch that fails lets the fork fail, in both cases.
 */
export function endBranch(draft: Draft, id: FrameId, task: ForkTask, output: Json): Next {
  if (task.fork.compete === true) {
    stopChildren(draft, id, "Another branch was faster");
    return done(output);
  }
  return (draft.frame(id).fork?.live ?? 0) > 0 ? wait : missing(draft, id);
}

/** Starts the branches that have no frame: all at first, later those that a new definition has added. Then the fork is done. */
function missing(draft: Draft, id: FrameId): Next {
  const branches = draft.program.blocks.get(`${draft.frame(id).ref}/fork/branches`) ?? [];
  const frames = new Map<string, [FrameId, Frame]>();
  for (const row of draft.frames()) if (row[1].parent === id) frames.set(row[1].ref, row);
  const refs = branches.map(({ ref }) => ref).filter((ref) => !frames.has(ref));
  if (refs.length > 0) return { is: "branches", refs };
  for (const [frame] of frames.values()) draft.remove(frame);
  return done(branches.map(({ ref }) => frames.get(ref)?.[1].result?.output ?? null));
}
