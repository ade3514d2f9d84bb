import { findCall, isPaused } from "#hub/store/calls.js";
import { foldsOf } from "#hub/store/folds.js";
import { type Lease, leaseLost } from "#hub/store/owners.js";
import { roundAt } from "#hub/store/rounds.js";
import { stagesOf } from "#hub/store/stages.js";
import { deferred } from "#kernel/async.js";
import { ComityError, isErrorCode } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import type { CallRef } from "#kernel/refs.js";
import { advance } from "./advance.js";
import type { Call } from "./call.js";
import { firstDueMs } from "./collect/overdue.js";
import { commit } from "./commit.js";
import { Draft } from "./draft.js";
import type { FederatedFunction } from "./function.js";
import { begin, type Live } from "./live.js";
import type { DriverParts, Wait } from "./parts.js";
import { givePlacesBack } from "./places.js";
import type { AskSpec } from "./script.js";

/**
 * Takes a call of any function to its end, from where its rows stand: a hub that was killed anywhere goes on from the same place. It knows
 * ops and rows, no function and no kind of work. Resolves with the output; throws what the call fails with, and the signal's reason.
 */
export async function drive(
  parts: DriverParts,
  fn: FederatedFunction,
  ref: CallRef,
  lease: Lease,
  signal: AbortSignal,
): Promise<Json> {
  let live: Live | undefined;
  for (;;) {
    signal.throwIfAborted();
    // Taken before the rows are read: nothing falls between.
    const news = parts.news.next(ref);
    const call = await findCall(parts.store.db, ref);
    if (call === undefined) throw new ComityError("INTERNAL", `The call ${ref.effect} has no row.`);
    if (call.status === "completed") return call.output;
    if (call.status !== "open") throw failureOf(call);
    if (live?.version !== call.version) live = undefined;
    const resumed = parts.feed.changes.next(ref.runId);
    if (live === undefined && (await rests(parts, call))) {
      await wait(parts, [news, resumed], signal, undefined);
      continue;
    }
    const draft = new Draft();
    let waits: Wait = { untilMs: undefined };
    const upgrade = live === undefined ? await upgradeOf(parts, fn, call) : undefined;
    live ??= begin(fn, call);
    if (upgrade === undefined) waits = await advance(parts, live, draft);
    else draft.upgrade = upgrade;
    if (draft.isEmpty) {
      await wait(parts, [news, waits.news], signal, waits.untilMs);
      continue;
    }
    live = await write(parts, fn, live, draft, lease, { news, signal });
    // What was asked just now is as it was written, until there is news of it.
    if (live !== undefined && isAsking(live, draft)) await wait(parts, [news], signal, dueOf(parts, draft));
  }
}

/** Writes a draft. Returns what can be played on, if it can. */
async function write(
  parts: DriverParts,
  fn: FederatedFunction,
  live: Live,
  draft: Draft,
  lease: Lease,
  { news, signal }: { readonly news: Promise<void>; readonly signal: AbortSignal },
): Promise<Live | undefined> {
  const places = parts.limits.news();
  const end = await commit(parts, live, draft, lease, fn.rounds?.(live.call.argument));
  switch (end.is) {
    case "done":
      // After a round its play is over.
      if (draft.turn !== undefined || draft.begun !== undefined || draft.upgrade !== undefined)
        return undefined;
      live.version += 1;
      return live;
    case "reload":
      return undefined;
    case "blocked": {
      const { blocked, held } = end;
      if (held) await givePlacesBack(parts, live.call);
      const { runId } = live.call;
      parts.feed.tell({ runId, type: "round.waiting", text: `The call waits for a place: ${blocked.text}` });
      await wait(parts, [news, places], signal, blocked.untilMs);
      return undefined;
    }
    case "lost":
      throw leaseLost(live.call.runId);
    case "cancelled":
      // Its end is on the way, by the signal.
      await wait(parts, [], signal, undefined);
      return undefined;
  }
}

/** Whether the play waits for those stages that a draft has opened, and for nothing else. */
function isAsking({ pending }: Live, { opens }: Draft): boolean {
  if (pending.done === true) return false;
  const { value: op } = pending;
  const asks = op.op === "all" ? op.of : op.op === "ask" ? [op] : [];
  const isAsked = ({ name }: AskSpec) =>
    opens.some(({ stage, issues }) => stage.stage === name && issues.length > 0);
  return asks.length > 0 && asks.every(isAsked);
}

/** When what a draft has asked will need to be looked at, if nothing is heard of it. */
function dueOf({ presence, clock }: DriverParts, { opens }: Draft): number {
  const offlineSinceMs = presence.offlineSinceMs.bind(presence);
  const due = opens.map(({ stage: { rule }, issues }) => {
    const sites = issues.map(({ site }) => site);
    return firstDueMs(sites, rule, offlineSinceMs, clock.nowMs());
  });
  return Math.min(...due);
}

/** Whether a call rests between two of its rounds, because its run does. */
async function rests(parts: DriverParts, call: Call): Promise<boolean> {
  return (await isPaused(parts.store.db, call.runId)) && (await isBetweenRounds(parts, call));
}

async function isBetweenRounds({ store }: DriverParts, call: Call): Promise<boolean> {
  const stages = await stagesOf(store.db, call, call.position + 1);
  return stages.every(({ position }) => position === 0);
}

/**
 * The state as the newest revision of the script has it; a round that is under way ends by the revision that began it, and the first one goes
 * with the beginning: the rounds alone say by which revision each was made.
 */
async function upgradeOf(parts: DriverParts, fn: FederatedFunction, call: Call): Promise<Draft["upgrade"]> {
  const [newest] = fn.scripts;
  if (call.revision >= newest.revision || call.position < 1 || newest.upgrade === undefined) return undefined;
  if (await hasBegun(parts, call)) return undefined;
  return { revision: newest.revision, state: newest.upgrade(call.state) };
}

/** Whether something of the next round is written: work that was asked for, also of a stream, or a fold. */
async function hasBegun({ store }: DriverParts, call: Call): Promise<boolean> {
  const next = call.position + 1;
  if ((await roundAt(store.db, call, next)) !== undefined) return true;
  return (await foldsOf(store.db, call, next)).size > 0;
}

/** The error that a call has failed with: the hub was killed before the engine had it. */
function failureOf({ error, effect }: Call): ComityError {
  if (error !== undefined && isErrorCode(error.code)) return new ComityError(error.code, error.text);
  return new ComityError("INTERNAL", error?.text ?? `The call ${effect} has failed.`);
}

/** Until there is news, the time has come, or the hub stops. Nothing is left hanging on what outlives the wait. */
async function wait(
  { clock }: DriverParts,
  news: readonly (Promise<void> | undefined)[],
  signal: AbortSignal,
  untilMs: number | undefined,
): Promise<void> {
  if (signal.aborted) return;
  const over = deferred();
  const end = () => over.resolve();
  const takeBack = untilMs === undefined ? undefined : clock.after(untilMs - clock.nowMs(), end);
  signal.addEventListener("abort", end, { once: true });
  for (const one of news) void one?.then(end);
  await over.promise;
  signal.removeEventListener("abort", end);
  takeBack?.();
}
