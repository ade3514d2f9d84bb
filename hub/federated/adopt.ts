import { isOpen } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import { blobsIn, holders } from "#hub/blobs/uses.js";
import { type CallToAdopt, callsToAdopt, forgetAdopted, type OldRound } from "#hub/store/adopted.js";
import { assignmentsOfStage } from "#hub/store/assignments.js";
import { holdBlobs } from "#hub/store/blobs.js";
import { insertCall } from "#hub/store/calls.js";
import { insertFold } from "#hub/store/folds.js";
import { adoptStage } from "#hub/store/stages.js";
import type { Tx } from "#hub/store/tx.js";
import { parseValue } from "#kernel/config.js";
import { type Json, jsonForm } from "#kernel/json.js";

import { newStage } from "./advance.js";
import type { Call } from "./call.js";
import { collected } from "./collect/collected.js";
import type { FederatedFunction } from "./function.js";
import { begin } from "./live.js";
import { lookUps } from "./open.js";
import type { DriverParts } from "./parts.js";
import type { Folded } from "./round.js";
import type { OpResult } from "./script.js";

/**
 * Makes calls and stages of what release 0.1 had under way: its rounds had no stages, and its calls no rows. Each script is played over the
 * old rows: what it asks for is what the old hub has sent. Does nothing where there is nothing to adopt. Goes with the next release.
 */
export async function adoptOld(
  parts: DriverParts,
  functions: readonly FederatedFunction[],
  unpack: (text: string) => Promise<Json>,
): Promise<void> {
  const { store } = parts;
  for (const old of await callsToAdopt(store.db)) {
    const fn = functions.find(({ name }) => name === old.function);
    if (fn === undefined) continue;
    const given = parseValue(await unpack(old.argument), fn.name, fn.argument);
    const argument = jsonForm(await fn.prepare(given, lookUps(parts, old.runId)));
    await store.write((tx) => adopt(parts, tx, fn, old, argument));
  }
  await store.write((tx) => forgetAdopted(tx.db));
}

async function adopt(
  parts: DriverParts,
  tx: Tx,
  fn: FederatedFunction,
  old: CallToAdopt,
  argument: Json,
): Promise<void> {
  const { runId, effect, ref, createdAtMs, last } = old;
  const [{ revision }] = fn.scripts;
  const position = last.state === "completed" ? last.position : last.position - 1;
  const model = last.state === "completed" ? last.model : last.base;
  const call: Call = {
    runId,
    effect,
    function: fn.name,
    revision,
    argument,
    ref,
    origin: effect,
    // Its sites draw by the number of the round.
    drawBase: last.round - last.position,
    createdAtMs,
    position,
    state: jsonForm(fn.trains === true ? { model, server: null, cursor: 0 } : null),
    status: last.state === "failed" ? "failed" : "open",
    output: null,
    error: last.error,
    version: 0,
  };
  await insertCall(tx.db, call);
  await holdBlobs(tx.db, holders.call(call), blobsIn(call.state));
  if (call.status === "open" && position < last.position) await adoptRound(parts, tx, fn, call, last);
}

/** Plays the open round as far as the old rows go. */
async function adoptRound(
  parts: DriverParts,
  tx: Tx,
  fn: FederatedFunction,
  call: Call,
  last: OldRound,
): Promise<void> {
  const live = begin(fn, call);
  while (live.pending.done !== true) {
    const op = live.pending.value;
    let result: OpResult | undefined;
    if (op.op === "ask") {
      const isClosed = op.name === "train" && last.state !== "collecting";
      const opened = newStage(parts, live, op, { waiting: 0, population: 0 });
      const status = isClosed ? "closed" : "open";
      const stage: Stage = {
        ...opened,
        round: last.round,
        unasked: [],
        openedAtMs: last.startedAtMs,
        closedAtMs: isClosed ? last.startedAtMs : undefined,
        status,
        short: false,
        changes: 0,
      };
      const assignments = await assignmentsOfStage(tx.db, stage);
      const waiting = assignments.filter(({ state }) => isOpen(state)).length;
      await holdBlobs(tx.db, holders.inputs(call, live.place.position), Object.values(stage.inputs));
      await adoptStage(tx.db, { ...stage, waiting, population: assignments.length });
      if (isClosed) result = collected(stage, assignments, live.place.position);
    } else if (op.op === "fold" && last.model !== undefined) {
      const folded: Folded = { is: "folded", blobs: { model: last.model }, figures: {}, value: null };
      await insertFold(tx.db, call, live.place.position, op.name, folded);
      await holdBlobs(tx.db, holders.folds(call, live.place.position), [last.model]);
      result = folded;
    }
    if (result === undefined) return;
    live.pending = live.play.next(result);
  }
}
