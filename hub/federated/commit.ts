import { type Assignment, assignmentIdOf } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import { holders } from "#hub/blobs/uses.js";
import { insertAssignments } from "#hub/store/assignments.js";
import { holdBlobs, keepBlobs } from "#hub/store/blobs.js";
import { moveCall, whyNotMoved } from "#hub/store/calls.js";
import { insertFold } from "#hub/store/folds.js";
import type { Lease } from "#hub/store/owners.js";
import { insertRound, roundAt } from "#hub/store/rounds.js";
import { countSiteStates, siteStates } from "#hub/store/site-states.js";
import { closeStage, insertStage, moveStage } from "#hub/store/stages.js";
import type { Blocked } from "#hub/workflow/engine/limits.js";
import type { AssignmentId, SiteId } from "#kernel/ids.js";
import { jsonForm } from "#kernel/json.js";
import { findKind } from "#proto/work/index.js";
import type { Draft, Issue, NewFold, Opening } from "./draft.js";
import type { Live } from "./live.js";
import type { DriverParts } from "./parts.js";
import { NoPlace, takePlaces } from "./places.js";
import { tellBegin } from "./report.js";
import type { Round } from "./round.js";
import { writeBegun, writeTurn } from "./turn.js";
import type { Writing } from "./writing.js";

/** What has become of a draft. */
type Committed =
  | { readonly is: "done" }
  /** Nothing is written: another process has the run, the call is not wanted, or what was read is not so any more. */
  | { readonly is: "lost" | "cancelled" | "reload" }
  | { readonly is: "blocked"; readonly blocked: Blocked; readonly held: boolean };

/** What was read is not so any more. */
class Stale extends Error {}

/**
 * Writes a draft: one transaction. First of all the call's row moves, if it is as it was read, the run's owner and fence are ours, and the
 * call is wanted. Offers and cancellations follow as hints.
 */
export async function commit(
  parts: DriverParts,
  live: Live,
  draft: Draft,
  lease: Lease,
  rounds: number | undefined,
): Promise<Committed> {
  const { round } = live;
  try {
    const writeRows = (of: Draft) =>
      parts.store.write(async (tx): Promise<Committed> => {
        // It may run again, after what it has written was undone.
        live.round = round;
        if (!(await moveCall(tx.db, { ...live.call, version: live.version }, after(live, of), lease)))
          return { is: await whyNotMoved(tx.db, live.call, lease) };
        await write({ parts, tx, live, nowMs: parts.clock.nowMs(), rounds }, of);
        return { is: "done" };
      });
    const written = { isPart: false };
    const end = await withFiles(parts, draft, async () => {
      try {
        return await writeRows(draft);
      } catch (thrown) {
        // What has been folded is not lost while a place is waited for: only what needs one is.
        const rest = draft.withoutOpens();
        if (!(thrown instanceof NoPlace) || rest.isEmpty) throw thrown;
        written.isPart = true;
        return await writeRows(rest);
      }
    });
    // What is remembered of the rows may be of the transaction that was undone.
    return written.isPart && end.is === "done" ? { is: "reload" } : end;
  } catch (thrown) {
    if (thrown instanceof Stale) return { is: "reload" };
    if (thrown instanceof NoPlace) return { is: "blocked", blocked: thrown.blocked, held: thrown.held };
    throw thrown;
  }
}

/**
 * Takes in the files that folds have made, and has the rows written that name them. Without the rows they go again, unless another process
 * has the run: it may be about to name the same.
 */
async function withFiles(
  { blobs, retention }: DriverParts,
  { folds }: Draft,
  writeRows: () => Promise<Committed>,
): Promise<Committed> {
  const files = folds.flatMap((fold) => fold.blobs).filter((blob) => "path" in blob);
  const digests = files.map(({ sha256 }) => sha256);
  let end: Committed | undefined;
  try {
    end = await retention.whileKept(digests, async () => {
      for (const { path, sha256 } of files) await blobs.adopt(path, sha256);
      return writeRows();
    });
    return end;
  } finally {
    if (end?.is !== "done" && end?.is !== "lost") retention.forsake(digests);
  }
}

/** The call's row after the draft. */
function after({ call, place }: Live, { begun, upgrade, turn }: Draft): Parameters<typeof moveCall>[2] {
  const { revision, position, state, output } = call;
  const same = { revision, position, state, status: "open", output } as const;
  if (upgrade !== undefined) return { ...same, revision: upgrade.revision, state: jsonForm(upgrade.state) };
  if (begun !== undefined) return { ...same, position: 0, state: jsonForm(begun.state) };
  if (turn === undefined) return same;
  const { position: ended } = place;
  return "next" in turn
    ? { ...same, position: ended, state: jsonForm(turn.next) }
    : { ...same, position: ended, status: "completed" };
}

async function write(writing: Writing, draft: Draft): Promise<void> {
  const { parts, tx } = writing;
  for (const { assignment, state, text } of draft.overdue) {
    const code = state === "late" ? "SITE_TOO_SLOW" : "SITE_VANISHED";
    await parts.assignments.giveUp(tx, assignment, state, code, text);
    // Who has vanished may come back to it.
    if (state === "late" && assignment.part.inputs !== undefined)
      await parts.retention.drop(tx, [holders.answer(assignment.id)]);
  }
  for (const { stage, ...closed } of draft.closes)
    if (!(await closeStage(tx.db, stage, closed))) throw new Stale();
  for (const fold of draft.folds) await writeFold(writing, fold);
  for (const opening of draft.opens) await open(writing, opening);
  for (const { stage, issues } of draft.issues) {
    const round = (await roundOf(writing)).round.round;
    if ((await moveStage(tx.db, stage, issues.length)) === undefined) throw new Stale();
    await issue(writing, stage, round, issues);
  }
  if (draft.begun !== undefined) await writeBegun(writing, draft.begun);
  if (draft.turn !== undefined) await writeTurn(writing, draft.turn, (await roundOf(writing)).round);
}

/** The round's row; it gets its number with the first thing that is written of it. */
async function roundOf({
  tx,
  live,
  nowMs,
}: Writing): Promise<{ readonly round: Round; readonly isNew: boolean }> {
  const { call, place } = live;
  live.round ??= await roundAt(tx.db, call, place.position);
  if (live.round !== undefined) return { round: live.round, isNew: false };
  return { round: await insertRound(tx.db, call, place.position, nowMs), isNew: true };
}

async function writeFold(
  { parts, tx, live, nowMs }: Writing,
  { spec, result, blobs }: NewFold,
): Promise<void> {
  const { call, place } = live;
  await keepBlobs(tx.db, blobs, nowMs);
  await holdBlobs(tx.db, holders.folds(call, place.position), blobs);
  await insertFold(tx.db, call, place.position, spec.name, result);
  for (const { stage: name, answers } of spec.over) {
    const stage = live.stages.get(name);
    if (stage?.siteState !== undefined) {
      const counted = answers.map(({ site, assignment: id }) => ({ site, id }));
      await countSiteStates(tx.db, { ...call, name: stage.siteState }, place.position, counted);
    }
    // The result has them in it, and a single site's answer should not lie about.
    if (stage !== undefined && findKind(parts.kinds, stage.kind)?.answer.kept === "folded")
      await parts.retention.drop(
        tx,
        answers.flatMap(({ assignment, tensors }) =>
          tensors === undefined ? [] : [holders.answer(assignment)],
        ),
      );
  }
  const told = spec.tell?.(result);
  if (told === undefined) return;
  const round = (await roundAt(tx.db, call, place.position))?.round ?? 0;
  parts.feed.append(tx, { runId: call.runId, round, ...told, text: `Round ${round}: ${told.text}` });
}

async function open(writing: Writing, opening: Opening): Promise<void> {
  const { parts, tx, live, rounds } = writing;
  const { stage, issues, keys } = opening;
  await takePlaces(parts, tx, live.call, keys);
  const isOfRound = live.place.position > 0;
  const { round, isNew } = isOfRound ? await roundOf(writing) : { round: undefined, isNew: false };
  const opened: Stage = {
    ...stage,
    round: round?.round ?? 0,
    status: "open",
    closedAtMs: undefined,
    short: false,
    changes: 0,
  };
  await insertStage(tx.db, opened);
  const holder =
    stage.concurrency > 0 ? holders.streams(live.call) : holders.inputs(live.call, live.place.position);
  await holdBlobs(tx.db, holder, Object.values(stage.inputs));
  await issue(writing, opened, opened.round, issues);
  if (round !== undefined && isNew) tellBegin(parts.feed, tx, round, opening, rounds);
}

/** Gives each site its assignment of a stage, and pushes it after the commit. The changes of a stream tell its assignments apart. */
async function issue(
  { parts, tx, live, nowMs }: Writing,
  stage: Stage,
  round: number,
  issues: readonly Issue[],
): Promise<void> {
  const { call } = live;
  const { runId, effect, position, stage: name, kind, siteState, concurrency, changes } = stage;
  const states: ReadonlyMap<SiteId, AssignmentId> =
    siteState === undefined ? new Map() : await siteStates(tx.db, { ...call, name: siteState });
  const deadlineAtMs = nowMs + stage.rule.deadlineMs;
  const fresh = issues.map(({ site, part }) => {
    const id = assignmentIdOf(stage, site, concurrency > 0 ? changes : undefined);
    const issued = live.place.position - 1;
    const stateFrom = states.get(site);
    return {
      id,
      runId,
      effect,
      position,
      stage: name,
      round,
      kind,
      site,
      part,
      issued,
      stateFrom,
      deadlineAtMs,
    };
  });
  const assignments: readonly Assignment[] = await insertAssignments(tx.db, fresh, nowMs);
  for (const { id, part } of assignments) {
    if (part.inputs !== undefined) await holdBlobs(tx.db, holders.answer(id), Object.values(part.inputs));
  }
  tx.afterCommit(() => void parts.assignments.push(assignments, stage));
}
