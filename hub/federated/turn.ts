import { blobsIn, holders, stagedOf } from "#hub/blobs/uses.js";
import { closeAssignments } from "#hub/store/assignments.js";
import { answerHolders, holdBlobs } from "#hub/store/blobs.js";
import { saveOutput, secondsOf } from "#hub/store/calls.js";
import { insertModelVersion } from "#hub/store/models.js";
import { endRound } from "#hub/store/rounds.js";
import { forgetSiteStates } from "#hub/store/site-states.js";
import { endStages, replaceStageInputs } from "#hub/store/stages.js";
import { type Json, jsonForm } from "#kernel/json.js";
import { tellEnd } from "./report.js";
import type { Round } from "./round.js";
import { rowForm } from "./row-form.js";
import type { Begun, SaveModel, Turn } from "./script.js";
import type { Writing } from "./writing.js";

/** Writes what a call begins with. */
export async function writeBegun(writing: Writing, { state, save }: Begun<unknown>): Promise<void> {
  const { parts, tx, live } = writing;
  if (save !== undefined) await saveModel(writing, save, 0);
  await parts.retention.holdOnly(tx, holders.call(live.call), blobsIn(jsonForm(state)));
  await releaseRound(writing);
}

/** Writes what a round has come to: the state or the output, the model, the end of its row; bytes that nobody needs go. */
export async function writeTurn(writing: Writing, turn: Turn<unknown, Json>, round: Round): Promise<void> {
  const { parts, tx, live, nowMs, rounds } = writing;
  const { call, place } = live;
  const { round: report, void: nothing, save, offers = {} } = turn;
  const version = save === undefined ? 0 : await saveModel(writing, save, round.round);
  const { base, model, samples, figures: metrics, sites } = report;
  const status = nothing === undefined ? "completed" : "void";
  const end = { status, endedAtMs: nowMs, base, model, samples, metrics, sites: sites.length } as const;
  await endRound(tx.db, round, end);
  if (nothing !== undefined) await forgetSiteStates(tx.db, call, place.position - 1);
  for (const [stage, inputs] of Object.entries(offers))
    await replaceStageInputs(tx.db, { ...call, position: 0, stage }, inputs);
  if ("next" in turn) await parts.retention.holdOnly(tx, holders.call(call), blobsIn(jsonForm(turn.next)));
  tellEnd(parts.feed, tx, round, report, { rounds, nothing, nowMs });
  await releaseRound(writing);
  if ("next" in turn) return;
  const seconds = await secondsOf(tx.db, call, nowMs);
  const output = turn.output({ round: round.round, version, seconds });
  await saveOutput(tx.db, call, rowForm(output, `The output of ${call.function}`));
  await endStages(tx.db, call, "closed", nowMs);
  const text = "The call is complete.";
  const open = await closeAssignments(tx.db, call, "cancelled", { code: "RUN_CANCELLED", text });
  tx.afterCommit(() => parts.assignments.cancel(open, text));
  await parts.retention.drop(tx, [holders.call(call), ...(await answerHolders(tx.db, call, 0))]);
  // Of streams, too.
  for (const prefix of stagedOf(call)) parts.retention.discardStaged(tx, prefix);
}

/** Adds the next version of a model. Returns its number. */
async function saveModel({ tx, live, nowMs }: Writing, save: SaveModel, round: number): Promise<number> {
  const { series: model, model: blob, base, figures: metrics, sites } = save;
  const version = await insertModelVersion(tx.db, {
    model,
    blob,
    base,
    runId: live.call.runId,
    round,
    createdAtMs: nowMs,
    metrics,
    layers: JSON.stringify(save.layers),
    sites,
  });
  await holdBlobs(tx.db, holders.model(model, version), [blob]);
  return version;
}

/** What only the round needed goes: what its folds have made, answers that are left, parts of answers that never came whole. */
async function releaseRound({ parts, tx, live }: Writing): Promise<void> {
  const { call, place, taken } = live;
  const { position } = place;
  const answers = position > 0 ? await answerHolders(tx.db, call, position) : [];
  await parts.retention.drop(tx, [holders.folds(call, position), ...answers, ...taken.map(holders.answer)]);
  parts.retention.discardStaged(tx, `${call.runId}.${call.effect}.${position}.`);
}
