import assert from "node:assert/strict";
import type { Kysely } from "kysely";
import type { Assignment } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import { sentWork } from "#hub/federated/advance.js";
import type { Call } from "#hub/federated/call.js";
import { collected } from "#hub/federated/collect/collected.js";
import { taken } from "#hub/federated/collect/taken.js";
import type { FederatedFunction } from "#hub/federated/function.js";
import { begin } from "#hub/federated/live.js";
import type { Folded } from "#hub/federated/round.js";
import type { AskSpec, Collected, FoldSpec, Op, OpResult } from "#hub/federated/script.js";
import { assignmentsOfStage } from "#hub/store/assignments.js";
import { callsOf } from "#hub/store/calls.js";
import { foldsOf } from "#hub/store/folds.js";
import type { Schema } from "#hub/store/schema.js";
import { stagesOf } from "#hub/store/stages.js";
import type { RunId } from "#kernel/ids.js";
import { type Json, jsonForm } from "#kernel/json.js";
import type { Watch } from "./mortal.js";
import type { PlayedBlobs } from "./played-blobs.js";

/** A call, as the rows of a hub have it at some moment. */
export interface RecordedCall {
  readonly call: Call;
  readonly stages: readonly Stage[];
  readonly assignments: readonly Assignment[];
  readonly folds: readonly { readonly position: number; readonly name: string; readonly result: Folded }[];
}

/** What one round of a script comes to when it is played from rows. */
export interface ReplayedRound {
  readonly position: number;
  /** What it asks for, each op as JSON. */
  readonly ops: readonly Json[];
  /** What its folds come to, made anew from the bytes of the answers. */
  readonly folds: Readonly<Record<string, Json>>;
  /** All of its turn: state, report, model, and the output with `seconds` 1; null where the rows end before it does. */
  readonly end: Json;
}

/** Keeps the bytes of every small blob that a hub writes: most are gone when the run is over. */
export const keepingSmall = (blobs: PlayedBlobs): Watch => ({
  async within(_commit, trx) {
    for (const { bytes } of await trx.selectFrom("small_blobs").selectAll().execute()) blobs.put(bytes);
  },
});

/** The calls of a run, in the order in which they were made, with all that scripts are given of them. */
export async function recordCalls(db: Kysely<Schema>, runId: RunId): Promise<RecordedCall[]> {
  const recorded: RecordedCall[] = [];
  for (const call of await callsOf(db, runId)) {
    const stages: Stage[] = [];
    const assignments: Assignment[] = [];
    const folds: RecordedCall["folds"][number][] = [];
    for (let position = 0; position <= call.position + 1; position++) {
      // Those of position 0 are streams, and told with each round.
      const own = (await stagesOf(db, call, position)).filter((stage) => stage.position === position);
      stages.push(...own);
      for (const stage of own) assignments.push(...(await assignmentsOfStage(db, stage)));
      for (const [name, result] of await foldsOf(db, call, position)) folds.push({ position, name, result });
    }
    recorded.push({ call, stages, assignments, folds });
  }
  return recorded;
}

/** {@link replayCall} for all calls of a run, which may go on with each other. */
export function replayCalls(
  functions: readonly FederatedFunction[],
  recorded: readonly RecordedCall[],
  blobs: PlayedBlobs,
): readonly (readonly ReplayedRound[])[] {
  const ended = new Map<string, Call>();
  return recorded.map((one) => {
    const { call } = one;
    const fn = functions.find(({ name }) => name === call.function);
    assert.ok(fn !== undefined, `there is no ${call.function}`);
    const played = replayCall(fn, one, blobs, ended.get(call.origin));
    ended.set(call.origin, call);
    return played;
  });
}

/**
 * Plays a call from its rows, from its beginning or from where the call before it had come to, and does every fold again. Asserts that
 * folds and stages are what the rows say. Ends with the round that the rows do not go to the end of.
 */
function replayCall(
  fn: FederatedFunction,
  recorded: RecordedCall,
  blobs: PlayedBlobs,
  before?: Call,
): readonly ReplayedRound[] {
  const { call } = recorded;
  const goesOn = call.origin !== call.effect && before !== undefined;
  let at: Call = {
    ...call,
    position: goesOn ? before.position : -1,
    state: goesOn ? before.state : null,
  };
  const rounds: ReplayedRound[] = [];
  for (;;) {
    const { round, next } = replayRound(fn, recorded, at, blobs);
    rounds.push(round);
    if (next === undefined) break;
    at = { ...at, position: round.position, state: next };
    if (at.position === call.position && call.status !== "completed")
      assert.deepEqual(at.state, call.state, `${call.effect}: its state after round ${at.position}`);
  }
  return rounds;
}

function replayRound(
  fn: FederatedFunction,
  recorded: RecordedCall,
  call: Call,
  blobs: PlayedBlobs,
): { readonly round: ReplayedRound; readonly next: Json | undefined } {
  const live = begin(fn, call);
  const { position } = live.place;
  const ops: Json[] = [];
  const folds: Record<string, Json> = {};
  while (live.pending.done !== true) {
    const op = live.pending.value;
    ops.push(opAsJson(op));
    const result = resultOf(recorded, op, position, blobs);
    if (result === undefined) return { round: { position, ops, folds, end: null }, next: undefined };
    if (op.op === "fold") folds[op.name] = jsonForm(result);
    live.pending = live.play.next(jsonForm(result) as unknown as OpResult);
  }
  const { value } = live.pending;
  if ("begun" in value) {
    const end = jsonForm(value.begun);
    return { round: { position, ops, folds, end }, next: jsonForm(value.begun.state) };
  }
  const { turn } = value;
  if ("next" in turn)
    return { round: { position, ops, folds, end: jsonForm(turn) }, next: jsonForm(turn.next) };
  const output = turn.output({ round: position, version: position + 1, seconds: 1 });
  return { round: { position, ops, folds, end: jsonForm({ ...turn, output }) }, next: undefined };
}

/** What an op has come to by the rows; undefined where they have nothing of it. */
function resultOf(
  { call, stages, assignments, folds }: RecordedCall,
  op: Op,
  position: number,
  blobs: PlayedBlobs,
): OpResult | undefined {
  const find = (name: string): Stage | undefined =>
    stages.find((one) => one.stage === name && (one.position === position || one.position === 0));
  const ofStage = (stage: Stage) =>
    assignments.filter((one) => one.stage === stage.stage && one.position === stage.position);
  const answered = (ask: AskSpec): Collected | undefined => {
    const stage = find(ask.name);
    if (stage === undefined) return undefined;
    const where = `${call.effect}: stage ${stage.stage} of round ${position}`;
    assert.deepEqual(sentWork(ask), stage.work, where);
    assert.deepEqual(jsonForm(ask.inputs), stage.inputs, where);
    return stage.status === "closed" ? collected(stage, ofStage(stage), position) : undefined;
  };
  switch (op.op) {
    case "fold": {
      const kept = folds.find((one) => one.position === position && one.name === op.name);
      if (kept === undefined) return undefined;
      assert.deepEqual(blobs.fold(op), kept.result, `${call.effect}: fold ${op.name} of round ${position}`);
      return kept.result;
    }
    case "ask":
      return answered(op);
    case "all": {
      const all = op.of.map(answered);
      return all.includes(undefined) ? undefined : (all as Collected[]);
    }
    case "stream": {
      const stage = find(op.name);
      return stage && collected(stage, [], position);
    }
    case "take": {
      const stage = find(op.stream);
      return stage && taken(stage, ofStage(stage), op, position);
    }
  }
}

/** All of an op that is data: works as they are sent, answers by their assignments. */
function opAsJson(op: Op): Json {
  switch (op.op) {
    case "all":
      return { op: "all", of: op.of.map(opAsJson) };
    case "ask":
    case "stream": {
      const { work, body, ...rest } = op;
      return { ...(jsonForm(rest) as object), work: sentWork({ work, body }) };
    }
    case "take":
      return jsonForm(op);
    case "fold":
      return foldAsJson(op);
  }
}

/** JSON has no functions: what is told of it is left out. */
const foldAsJson = ({ over, ...rest }: FoldSpec): Json =>
  jsonForm({
    ...rest,
    over: over.map(({ stage, answers }) => ({ stage, answers: answers.map((one) => one.assignment) })),
  });
