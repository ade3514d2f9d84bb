import { type Assignment, isOpen } from "#hub/assignments/model.js";
import type { Stage } from "#hub/assignments/stage.js";
import { assignmentsOfStage } from "#hub/store/assignments.js";
import { lastOfSites, newsOfStream } from "#hub/store/streams.js";
import { ComityError } from "#kernel/errors.js";
import { type Json, jsonForm } from "#kernel/json.js";
import { counted, printable } from "#kernel/words.js";
import { candidates, choose, leastSites, smallestNumber } from "./choose.js";
import { collected } from "./collect/collected.js";
import { findOverdue } from "./collect/overdue.js";
import { judge } from "./collect/quorum.js";
import { ableSites, freeSites, taken } from "./collect/taken.js";
import type { Draft } from "./draft.js";
import { foldNow } from "./folding.js";
import { type Live, type Memo, readMemo } from "./live.js";
import type { DriverParts, Wait } from "./parts.js";
import { checkedBegun, checkedTurn } from "./row-form.js";
import type { AskSpec, Collected, Op, OpResult, StreamSpec, TakeSpec } from "./script.js";
import { checkEnough, idle } from "./stream-turns.js";

/** A round has at most so many ops: a script that never ends is a fault. */
const maxOps = 10_000;

/** With a run, a call and the longest name of a site it makes an id of at most 256 characters. */
const stageName = /^[A-Za-z0-9._-]{1,60}$/;

/** What an op has come to: its value, nothing before the draft is written, or nothing before something has happened. */
type Got =
  | { readonly is: "value"; readonly value: OpResult }
  | { readonly is: "commit" }
  | ({ readonly is: "wait" } & Wait);

/** Plays on until something must be waited for, or be written before it may go on. Returns how long to wait. */
export async function advance(parts: DriverParts, live: Live, draft: Draft): Promise<Wait> {
  const memo = await readMemo(parts, live);
  for (let ops = 0; ops < maxOps; ops++) {
    const { pending } = live;
    if (pending.done === true) {
      if ("begun" in pending.value) draft.begun = checkedBegun(live.call, pending.value.begun);
      else draft.turn = checkedTurn(live.call, pending.value.turn);
      return { untilMs: undefined };
    }
    checkNames(live, pending.value);
    const got = await resolve(parts, live, memo, pending.value, draft);
    if (got.is === "wait") return got;
    if (got.is === "commit") return { untilMs: undefined };
    for (const name of namesOf(pending.value)) live.names.add(name);
    live.pending = live.play.next(got.value);
  }
  throw new ComityError("INTERNAL", `A round of ${live.call.function} has more than ${maxOps} parts.`);
}

/** Stages and folds are found by their names: one that is used twice would be given the first one's answers again. */
function checkNames({ names, call }: Live, op: Op): void {
  for (const [at, name] of namesOf(op).entries())
    if (names.has(name) || namesOf(op).indexOf(name) < at)
      throw new ComityError("INTERNAL", `A round of ${call.function} uses the name ${name} twice.`);
}

const namesOf = (op: Op): readonly string[] =>
  op.op === "all" ? op.of.map(({ name }) => name) : [op.op === "fold" ? `fold/${op.name}` : op.name];

async function resolve(parts: DriverParts, live: Live, memo: Memo, op: Op, draft: Draft): Promise<Got> {
  switch (op.op) {
    case "ask":
      return resolveAsk(parts, live, memo, op, draft);
    case "all":
      return resolveAll(parts, live, memo, op.of, draft);
    case "fold": {
      const known = memo.folds.get(op.name);
      if (known !== undefined) return { is: "value", value: known };
      const done = await foldNow(parts, live, op, draft);
      // Long work begins only when the set of its answers is fixed.
      if (done === undefined) return { is: "commit" };
      draft.folds.push(done);
      return { is: "value", value: done.result };
    }
    case "stream":
      return resolveStream(parts, live, memo, op, draft);
    case "take":
      return resolveTake(parts, live, memo, op, draft);
  }
}

async function resolveTake(
  parts: DriverParts,
  live: Live,
  memo: Memo,
  op: TakeSpec,
  draft: Draft,
): Promise<Got> {
  const stage = memo.stages.get(op.stream);
  const spec = live.streams.get(op.stream);
  if (stage === undefined || spec === undefined)
    throw new ComityError(
      "INTERNAL",
      `A round of ${live.call.function} takes from ${op.stream}, which is no stream.`,
    );
  live.stages.set(op.name, stage);
  const { db } = parts.store;
  const assignments = await newsOfStream(db, stage, op.after);
  const value = taken(stage, assignments, op, live.place.position);
  if (value !== undefined) {
    // Those that were passed by, too: nobody needs their bytes.
    for (const { id, arrival } of assignments)
      if (arrival > op.after && arrival <= value.cursor) live.taken.push(id);
    return { is: "value", value };
  }
  const wait = superviseOpen(parts, stage, assignments, draft);
  // A free site gets the next assignment at once, with the model of now.
  const room = stage.concurrency - assignments.filter(({ state }) => isOpen(state)).length;
  const fitting = room > 0 ? await candidates(parts, live.call, live.place, spec, spec.at) : [];
  const turns = await lastOfSites(db, stage, fitting);
  const free = freeSites(fitting, [...assignments, ...turns]);
  if (room > 0) await checkEnough(parts, stage, [...free, ...ableSites(assignments, op.after)]);
  const sites = free.slice(0, room);
  const part = { inputs: stage.inputs };
  if (sites.length > 0) draft.issues.push({ stage, issues: sites.map((site) => ({ site, part })) });
  if (!draft.isEmpty) return { is: "commit" };
  return { is: "wait", ...(room < stage.concurrency ? wait : await idle(parts, stage)) };
}

async function resolveAll(
  parts: DriverParts,
  live: Live,
  memo: Memo,
  asks: readonly AskSpec[],
  draft: Draft,
): Promise<Got> {
  const values: Collected[] = [];
  let commits = false;
  let untilMs: number | undefined;
  for (const one of asks) {
    const got = await resolveAsk(parts, live, memo, one, draft);
    if (got.is === "value") values.push(got.value as Collected);
    else if (got.is === "commit") commits = true;
    else if (got.untilMs !== undefined) untilMs = Math.min(untilMs ?? got.untilMs, got.untilMs);
  }
  if (values.length === asks.length) return { is: "value", value: values };
  return commits || !draft.isEmpty ? { is: "commit" } : { is: "wait", untilMs };
}

async function resolveAsk(
  parts: DriverParts,
  live: Live,
  memo: Memo,
  ask: AskSpec,
  draft: Draft,
): Promise<Got> {
  const stage = memo.stages.get(ask.name);
  if (stage === undefined) return openStage(parts, live, ask, draft);
  live.stages.set(ask.name, stage);
  const assignments = await assignmentsOfStage(parts.store.db, stage);
  const { position } = live.place;
  if (stage.status !== "open") return { is: "value", value: collected(stage, assignments, position) };
  const wait = superviseOpen(parts, stage, assignments, draft);
  if (!draft.isEmpty && draft.overdue.length > 0) return { is: "commit" };
  const verdict = judge(assignments, stage.rule);
  switch (verdict.is) {
    case "wait":
      return { is: "wait", ...wait };
    case "fail":
      throw new ComityError(verdict.code, `Round ${stage.round} cannot reach its quorum: ${verdict.text}`);
    case "close": {
      const { short } = verdict;
      // Fixed by the commit, which compares the changes: what is played on from here may yet be thrown away.
      draft.closes.push({ stage, short, closedAtMs: parts.clock.nowMs() });
      const value = collected(stage, assignments, position, short);
      // As a replay will have it from the rows.
      return { is: "value", value };
    }
  }
}

/** Notes what is late or has vanished. Returns when the next will run out of time. */
function superviseOpen(
  { store, presence, clock }: DriverParts,
  { rule }: Stage,
  assignments: readonly Assignment[],
  draft: Draft,
): Wait {
  const { graceMs, deadlineMs } = rule;
  const offlineSinceMs = presence.offlineSinceMs.bind(presence);
  const overdue = findOverdue(assignments, offlineSinceMs, rule, store.reach, clock.nowMs());
  for (const assignment of overdue.late) {
    const text = `${assignment.site} did not deliver within the deadline of ${deadlineMs / 1000} s.`;
    draft.overdue.push({ assignment, state: "late", text });
  }
  for (const assignment of overdue.vanished) {
    const text = `${assignment.site} went away and did not come back within ${graceMs / 1000} s.`;
    draft.overdue.push({ assignment, state: "vanished", text });
  }
  return { untilMs: overdue.nextDueMs };
}

async function openStage(parts: DriverParts, live: Live, ask: AskSpec, draft: Draft): Promise<Got> {
  const { to } = ask;
  if ("sites" in to) {
    const { sites, each = {} } = to;
    const least = leastSites(parts, ask);
    if (sites.length < least)
      throw new ComityError(
        "SITES_TOO_FEW",
        `The stage ${ask.name} would be asked of ${counted(sites.length, "site")} and needs ${least}.`,
      );
    const issues = sites.map((site) => ({ site, part: each[site] ?? {} }));
    const stage = newStage(parts, live, ask, { waiting: sites.length, population: sites.length });
    draft.opens.push({ stage: { ...stage, unasked: [] }, issues, keys: [] });
    return { is: "commit" };
  }
  // Places under limits are asked for by the commit; nothing else waits for them.
  const chosen = await choose(parts, live.call, live.place, ask, to.at);
  if (!("sites" in chosen)) return draft.isEmpty ? { is: "wait", ...chosen } : { is: "commit" };
  const { sites, unasked, population, keys } = chosen;
  const stage = newStage(parts, live, ask, { waiting: sites.length, population });
  draft.opens.push({ stage: { ...stage, unasked }, issues: sites.map((site) => ({ site, part: {} })), keys });
  return { is: "commit" };
}

async function resolveStream(
  parts: DriverParts,
  live: Live,
  memo: Memo,
  spec: StreamSpec,
  draft: Draft,
): Promise<Got> {
  live.streams.set(spec.name, spec);
  const stage = memo.stages.get(spec.name);
  if (stage !== undefined) {
    live.stages.set(spec.name, stage);
    return { is: "value", value: collected(stage, [], live.place.position) };
  }
  const chosen = await choose(parts, live.call, live.place, spec, spec.at);
  if (!("sites" in chosen)) return { is: "wait", ...chosen };
  const { sites, unasked, population, keys } = chosen;
  const first = sites.slice(0, spec.concurrency);
  const opened = newStage(parts, live, spec, { waiting: first.length, population });
  const part = { inputs: opened.inputs };
  const more = { unasked, position: 0, concurrency: spec.concurrency };
  draft.opens.push({ stage: { ...opened, ...more }, issues: first.map((site) => ({ site, part })), keys });
  return { is: "commit" };
}

/** A work as it is sent: its kind, and the oldest form of its body that says the same. */
export function sentWork({ work, body }: Pick<AskSpec, "work" | "body">): Json {
  const plain = (work.toWire?.(body) ?? body) as object;
  return jsonForm({ kind: work.name, ...plain });
}

/** A stage as it is sent, whatever a later version of the script would ask. */
export function newStage(
  { clock, minSites }: DriverParts,
  { call, place }: Live,
  { name, work, body, inputs, rule, siteState, quiet }: Omit<AskSpec, "to">,
  counts: { readonly waiting: number; readonly population: number },
) {
  const { runId, effect } = call;
  // It is a part of the ids of its assignments, which sites say back.
  if (!stageName.test(name))
    throw new ComityError(
      "INTERNAL",
      `${call.function} asks for a stage ${JSON.stringify(printable(name, 80))}: a name has up to 60 letters, digits, \`.\`, \`_\` and \`-\`.`,
    );
  const atLeast = smallestNumber({ work, rule }, minSites);
  return {
    runId,
    effect,
    position: place.position,
    stage: name,
    kind: work.name,
    work: sentWork({ work, body }),
    inputs: jsonForm(inputs) as unknown as Stage["inputs"],
    siteState,
    rule: { ...rule, atLeast },
    openedAtMs: clock.nowMs(),
    concurrency: 0,
    quiet: quiet ?? false,
    ...counts,
  };
}
