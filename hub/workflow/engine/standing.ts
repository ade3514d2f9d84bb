import type { RunState } from "#hub/workflow/interpreter/model.js";
import type { RunId, Sha256 } from "#kernel/ids.js";
import type { Batch, Open } from "./batch.js";
import type { Interpret } from "./model.js";

/** A program by its digest, ready to take events. */
export interface Program {
  readonly sha256: Sha256;
  /** `namespace/name:version`. */
  readonly title: string;
  readonly interpret: Interpret;
}

/** Where a run stands, as its rows say. */
export interface Standing {
  readonly runId: RunId;
  /** For people. */
  readonly name: string;
  readonly fence: number;
  readonly seq: number;
  readonly baseSeq: number;
  readonly state: RunState | undefined;
  readonly program: Program;
  readonly open: Open;
}

/** Where a run stands that has not had a transition. */
export const newStanding = (run: Pick<Standing, "runId" | "name" | "fence" | "program">): Standing => ({
  ...run,
  seq: 0,
  baseSeq: 0,
  state: undefined,
  open: { effects: new Map(), timers: new Set(), listeners: new Set() },
});

/** Where a run stands after a batch. What is open is changed in place: it may be much. */
export function standingAfter(
  before: Standing,
  batch: Batch,
  now: Pick<Standing, "state" | "program">,
): Standing {
  const seq = batch.fromSeq + batch.transitions.length;
  const { effects, timers, listeners } = before.open;
  for (const { effect, call } of batch.effects) effects.set(effect, call);
  for (const effect of batch.endedEffects) effects.delete(effect);
  for (const { effect } of batch.undoneEffects) effects.delete(effect);
  for (const { timer } of batch.timers) timers.add(timer);
  for (const timer of batch.endedTimers) timers.delete(timer);
  for (const { listener } of batch.listeners) listeners.add(listener);
  for (const listener of batch.endedListeners) listeners.delete(listener);
  return { ...before, ...now, seq, baseSeq: batch.folds ? seq : before.baseSeq };
}
