import type { Json } from "#kernel/json.js";
import type { Asking } from "../dataflow.js";
import type { Draft } from "../draft.js";
import { fault } from "../errors.js";
import { endExtension } from "../extensions.js";
import type { CloudEvent, FrameId } from "../model.js";
import type { Step } from "../program.js";
import { viewOf } from "../scope.js";
import { startCall } from "./call.js";
import { startEmit } from "./emit.js";
import { endPass, startFor } from "./for.js";
import { endBranch, startFork } from "./fork.js";
import { endItem, receive, startListen } from "./listen.js";
import { done, type Next, wait } from "./next.js";
import { startRaise } from "./raise.js";
import { endRun, startRun } from "./run.js";
import { startSet } from "./set.js";
import { startSwitch } from "./switch.js";
import { endTry, startTry } from "./try.js";
import { startWait } from "./wait.js";

/** Begins what a task does, after all that goes before. */
export function* startTask(draft: Draft, id: FrameId): Asking<Next> {
  const view = viewOf(draft, id);
  const step = draft.step(id);
  switch (step.kind) {
    case "do":
      return { is: "block", block: `${step.ref}/do` };
    case "call":
      return yield* startCall(view, step.task);
    case "emit":
      return yield* startEmit(view, step.task);
    case "for":
      return yield* startFor(view, step.task);
    case "fork":
      return startFork(draft, id);
    case "listen":
      return yield* startListen(view, step.task);
    case "raise":
      return yield* startRaise(view, step.task);
    case "run":
      return yield* startRun(view, step.task);
    case "set":
      return yield* startSet(view, step.task);
    case "switch":
      return yield* startSwitch(view, step.task);
    case "try":
      return yield* startTry(view, step.task);
    case "wait":
      return yield* startWait(view, step.task);
  }
}

/** A task inside a composite is done. */
export function* endChild(
  draft: Draft,
  id: FrameId,
  child: Step,
  output: Json,
  then: string | undefined,
): Asking<Next> {
  const step = draft.step(id);
  if (child.block === undefined) return done(output);
  if (step.kind === "fork" && draft.frame(id).extension === undefined)
    return endBranch(draft, id, step.task, output);
  const following = nextTask(draft, child, then);
  if (following !== undefined) return { is: "task", ref: following.ref, raw: output };
  return yield* endBlock(draft, id, output, then);
}

/** Where a task leads within its list; undefined: to the end of it. */
function nextTask(draft: Draft, from: Step, then = "continue"): Step | undefined {
  const block = draft.program.blocks.get(from.block ?? "") ?? [];
  if (then === "exit" || then === "end") return undefined;
  if (then === "continue") return block[from.place + 1];
  const found = block.find(({ name }) => name === then);
  if (found === undefined)
    throw fault("configuration", `${from.name} leads to ${then}, which is not in the same list`);
  return found;
}

/** A list of tasks inside a task is done. */
export function* endBlock(draft: Draft, id: FrameId, output: Json, then?: string): Asking<Next> {
  if (draft.frame(id).extension !== undefined) return yield* endExtension(draft, id, output, then);
  const step = draft.step(id);
  const view = viewOf(draft, id);
  switch (step.kind) {
    case "for":
      return yield* endPass(view, step.task, output);
    case "listen":
      return yield* endItem(view, step.task, output);
    case "try":
      return endTry(view, step.task, output);
    case "do":
    case "call":
    case "emit":
    case "fork":
    case "raise":
    case "run":
    case "set":
    case "switch":
    case "wait":
      return done(output);
  }
}

/** The effect of a task has been completed. */
export function endEffect(draft: Draft, id: FrameId, output: Json): Next {
  const step = draft.step(id);
  return step.kind === "run" ? endRun(viewOf(draft, id), step.task, output) : done(output);
}

/** An event has come for a task that listens. */
export function* takeEvent(
  draft: Draft,
  id: FrameId,
  event: CloudEvent,
  filters: readonly number[],
): Asking<Next> {
  const step = draft.step(id);
  return step.kind === "listen" ? yield* receive(viewOf(draft, id), step.task, event, filters) : wait;
}
