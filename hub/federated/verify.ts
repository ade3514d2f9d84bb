import type { Stage } from "#hub/assignments/stage.js";
import { assignmentsOfStage } from "#hub/store/assignments.js";
import { callsOf } from "#hub/store/calls.js";
import { versionOfRound } from "#hub/store/models.js";
import { roundAt } from "#hub/store/rounds.js";
import type { Store } from "#hub/store/store.js";
import { arrivalsAfter } from "#hub/store/streams.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import { canonicalJson, type Json, jsonForm } from "#kernel/json.js";
import { sentWork } from "./advance.js";
import type { Call } from "./call.js";
import { collected } from "./collect/collected.js";
import { taken } from "./collect/taken.js";
import type { FederatedFunction } from "./function.js";
import { begin, type Live, type Memo, readMemo } from "./live.js";
import type { AskSpec, Op, OpResult, Taken, TakeSpec, Turn } from "./script.js";

interface Parts {
  readonly store: Store;
  readonly functions: readonly FederatedFunction[];
}

/**
 * Plays the federated calls of a run again, round by round from their rows, and compares what the scripts ask and come to with what the rows
 * say: the work and the inputs of every stage, which answers of a stream were taken, the models, the state and the output. Each round is played
 * by the revision of the script that made it. Returns how many rounds that were. Calls that release 0.1 has begun are left out: it kept no
 * stages. Throws `JOURNAL_DAMAGED` with the first difference, and `SCRIPT_RETIRED` for a round whose script is not there any more.
 */
export async function verifyCalls(parts: Parts, runId: RunId): Promise<number> {
  const calls = await callsOf(parts.store.db, runId);
  let rounds = 0;
  // What a call has come to, for the one that goes on with it.
  const ended = new Map<string, Call>();
  for (const call of calls) {
    const before = call.origin === call.effect ? undefined : ended.get(call.origin);
    const played = await verifyCall(parts, call, before);
    if (played === undefined) continue;
    rounds += played;
    ended.set(call.origin, call);
  }
  return rounds;
}

/** Undefined: the call cannot be played from its beginning. */
async function verifyCall(parts: Parts, call: Call, before: Call | undefined): Promise<number | undefined> {
  const fn = parts.functions.find(({ name }) => name === call.function);
  if (fn === undefined || (call.origin !== call.effect && before === undefined)) return undefined;
  // Its beginning goes with its first round.
  const { revision = call.revision } = (await roundAt(parts.store.db, call, 1)) ?? {};
  const start = before ?? { position: -1, state: null, revision };
  let at: Call = { ...call, position: start.position, state: start.state, revision: start.revision };
  let rounds = 0;
  while (at.position < call.position) {
    const position = at.position + 1;
    const round = await roundAt(parts.store.db, call, position);
    const what = round === undefined ? "The beginning" : `Round ${round.round}`;
    at = playedBy(fn, at, round?.revision ?? at.revision, what);
    const turn = await replay(parts, fn, at);
    if (turn === undefined && position === 0) return undefined;
    if (turn === undefined) throw damaged(call, `${what} does not go to its end`);
    if (position > 0) {
      await compareRound(parts, call, position, turn);
      rounds += 1;
    }
    if ("output" in turn) {
      await compareOutput(parts, call, position, turn);
      return rounds;
    }
    at = { ...at, position, state: jsonForm(turn.next) };
  }
  if (call.status === "completed") return rounds;
  const last = at.revision === call.revision ? at : playedBy(fn, at, call.revision, "The state");
  compare(call, "its state", last.state, call.state);
  return rounds;
}

/**
 * The call as the revision of its script had it that is to be played, or has taken over its state between two rounds. Throws `SCRIPT_RETIRED`;
 * `what` begins the sentence.
 */
function playedBy({ scripts, name }: FederatedFunction, call: Call, revision: number, what: string): Call {
  const script = scripts.find((one) => one.revision === revision);
  if (script === undefined) {
    throw new ComityError(
      "SCRIPT_RETIRED",
      `${what} of the call ${call.effect} of ${name} cannot be played again: revision ${revision} of its script made it, and this release does not have that any more.`,
      { hint: "Verify the run with the release that made it, over a copy of the hub's data." },
    );
  }
  if (call.revision === revision) return call;
  return { ...call, revision, state: jsonForm(script.upgrade?.(call.state) ?? call.state) };
}

/** What one round comes to by its rows; undefined where they do not go to its end. */
async function replay(
  { store }: Parts,
  fn: FederatedFunction,
  call: Call,
): Promise<Turn<unknown, Json> | undefined> {
  const live = begin(fn, call);
  const memo = await readMemo({ store }, live);
  while (live.pending.done !== true) {
    const result = await resultOf(store, live, memo, live.pending.value);
    if (result === undefined) return undefined;
    live.pending = live.play.next(result);
  }
  const { value: end } = live.pending;
  if ("turn" in end) return end.turn;
  return { next: end.begun.state, round: { sites: [], asked: 0, left: [], samples: 0, figures: {} } };
}

async function resultOf(store: Store, live: Live, memo: Memo, op: Op): Promise<OpResult | undefined> {
  const { position } = live.place;
  const find = (name: string): Stage | undefined => memo.stages.get(name);
  switch (op.op) {
    case "fold":
      return memo.folds.get(op.name);
    case "stream": {
      const stage = find(op.name);
      if (stage === undefined) return undefined;
      compareWork(live, stage, op);
      return collected(stage, [], position);
    }
    case "take": {
      const stage = find(op.stream);
      return stage && takenAgain(store, stage, op, position);
    }
    case "ask":
    case "all": {
      const results: ReturnType<typeof collected>[] = [];
      for (const ask of op.op === "all" ? op.of : [op]) {
        const stage = find(ask.name);
        if (stage?.status !== "closed") return undefined;
        compareWork(live, stage, ask);
        compare(live.call, `the inputs of ${stage.stage}`, jsonForm(ask.inputs), jsonForm(stage.inputs));
        results.push(collected(stage, await assignmentsOfStage(store.db, stage), position));
      }
      return op.op === "all" ? results : results[0];
    }
  }
}

/** What a round has taken out of a stream, read only as far as it went. */
async function takenAgain(
  { db }: Store,
  stage: Stage,
  op: TakeSpec,
  position: number,
): Promise<Taken | undefined> {
  for (let limit = 2 * op.count; ; limit *= 2) {
    const arrived = await arrivalsAfter(db, stage, op.after, limit);
    const got = taken(stage, arrived, op, position);
    if (got !== undefined || arrived.length < limit) return got;
  }
}

/** The inputs of a stream change with its rounds; its work never does. */
function compareWork({ call }: Live, stage: Stage, asked: Pick<AskSpec, "work" | "body">): void {
  compare(call, `the work of ${stage.stage}`, sentWork(asked), stage.work);
}

async function compareRound(
  { store }: Parts,
  call: Call,
  position: number,
  { round: report, void: nothing }: Turn<unknown, Json>,
): Promise<void> {
  const round = await roundAt(store.db, call, position);
  const { figures: metrics, samples, base, model, sites } = report;
  const status = nothing === undefined ? "completed" : "void";
  const told = { status, metrics, samples, base: base ?? null, model: model ?? null, sites: sites.length };
  const kept = round && {
    status: round.status,
    metrics: round.metrics,
    samples: round.samples,
    base: round.base ?? null,
    model: round.model ?? null,
    sites: round.sites,
  };
  compare(call, `round ${round?.round ?? position}`, jsonForm(told), jsonForm(kept ?? null));
}

async function compareOutput(
  { store }: Parts,
  call: Call,
  position: number,
  turn: Extract<Turn<unknown, Json>, { readonly output: unknown }>,
): Promise<void> {
  const last = await roundAt(store.db, call, position);
  const first = await roundAt(store.db, call, 1);
  if (last === undefined || first === undefined) return;
  const version = turn.save && (await versionOfRound(store.db, call.runId, last.round, turn.save.series));
  const seconds = ((last.endedAtMs ?? last.startedAtMs) - first.startedAtMs) / 1000;
  const output = turn.output({ round: last.round, version: version ?? 0, seconds });
  compare(call, "its output", jsonForm(output), call.output);
}

function compare(call: Call, what: string, played: Json, kept: Json): void {
  if (canonicalJson(played) === canonicalJson(kept)) return;
  throw damaged(call, `${what} is not what its rows say`);
}

const damaged = ({ effect, function: name }: Call, how: string): ComityError =>
  new ComityError(
    "JOURNAL_DAMAGED",
    `The call ${effect} of ${name}, played again, gives another result: ${how}.`,
    {
      hint: "The hub's database was changed from outside, or a fault of Comity has come to light: please report it with the run's workflow.",
    },
  );
