import { isDeepStrictEqual } from "node:util";
import type { Json } from "#kernel/json.js";
import type { ListenTask } from "../../definition/model.js";
import type { EventFilter as FilterRule } from "../../definition/parts.js";
import { bare, isExpression } from "../../expression/template.js";
import { type Asking, answer, evaluate, holds, transformed, validate } from "../dataflow.js";
import type { Draft } from "../draft.js";
import type { CloudEvent, EventFilter, FrameId, ListenFrame } from "../model.js";
import { news } from "../news.js";
import { ownVariables, type View, variables, viewOf } from "../scope.js";
import { checkSize } from "../size.js";
import { allRules, countOf, isMet } from "../strategy.js";
import { done, type Next, wait } from "./next.js";

/** `listen`: the output is the list of what was read. */
export function* startListen(view: View, task: ListenTask): Asking<Next> {
  const { draft, id } = view;
  const expect: Record<string, Json> = {};
  for (const [place, rule] of rulesOf(task).entries()) {
    for (const [name, { expect: wanted }] of Object.entries(rule.correlate ?? {}))
      if (wanted !== undefined)
        expect[fixed(place, name)] = isExpression(wanted) ? yield* answer(view, wanted) : wanted;
  }
  draft.patch(id, { listening: { expect, taken: [], queue: [], met: [] } });
  reopen(draft, id, task);
  news(draft, id, "waiting");
  return wait;
}

/** Opens the listener with what the frame knows: at the start, when a correlation is fixed, and when a failed run is retried. */
export function reopen(draft: Draft, id: FrameId, task: ListenTask): void {
  const { listening } = draft.frame(id);
  if (listening === undefined || listening.closed) return;
  const filters = rulesOf(task).map((rule, place) => filterOf(viewOf(draft, id), rule, place, listening));
  draft.patch(id, { listening: { ...listening, listener: draft.listen(id, filters, listening.listener) } });
}

/** An event has come that fits some of the filters. */
export function* receive(
  view: View,
  task: ListenTask,
  event: CloudEvent,
  filters: readonly number[],
): Asking<Next> {
  const { draft, id } = view;
  const { listening } = draft.frame(id);
  if (listening === undefined || listening.closed) return wait;
  const fitting = yield* correlated(view, task, listening, event, filters);
  if (fitting.length === 0) return wait;

  const { to, read = "data" } = task.listen;
  const until = "any" in to && typeof to.until === "object" ? to.until : undefined;
  const met = [...new Set([...listening.met, ...fitting])].sort((one, other) => one - other);
  const own = countOf(to);
  const fresh = fitting.some((place) => place < own && !("all" in to && listening.met.includes(place)));
  const stop =
    until !== undefined &&
    isMet(
      until,
      met.map((place) => place - own),
    );
  const consumed = fitting.some((place) => place >= own);
  const taken = fresh && !consumed;
  if (taken) {
    const item = read === "envelope" ? (event as Json) : (event.data ?? null);
    const queue = [...listening.queue, item];
    checkSize([listening.taken, queue], "What was read");
    draft.patch(id, { listening: { ...current(draft, id), queue } });
  }
  if ("all" in to || until !== undefined) draft.patch(id, { listening: { ...current(draft, id), met } });
  const enough =
    stop || ("any" in to ? taken && to.until === undefined : "all" in to ? isMet(to, met) : taken);
  if (enough) close(draft, id);
  // The first of the queue was in `foreach` already, unless the queue was empty.
  if (listening.queue.length > 0) return wait;
  return yield* next(view, task);
}

/** The tasks of `foreach` are done with one event. */
export function* endItem(view: View, task: ListenTask, output: Json): Asking<Next> {
  const { draft, id } = view;
  const { foreach } = task;
  const frame = draft.frame(id);
  const own = ownVariables(frame, draft.stepAt(frame.ref));
  const given = yield* transformed(
    { ...viewOf(draft, id, { variables: own, rawOutput: output }), input: output },
    foreach?.output?.as,
  );
  yield* validate(foreach?.output?.schema, given, "The output of foreach");
  if (foreach?.export?.as !== undefined) {
    const stage = { variables: own, rawOutput: output, output: given };
    const context = yield* transformed({ ...viewOf(draft, id, stage), input: given }, foreach.export.as);
    yield* validate(foreach.export.schema, context, "The context");
    draft.set({ context });
  }
  const { listening } = draft.frame(id);
  if (listening === undefined) return wait;
  const taken = [...listening.taken, given];
  draft.patch(id, { listening: { ...listening, taken, queue: listening.queue.slice(1) } });
  const { to } = task.listen;
  if ("any" in to && typeof to.until === "string") {
    if (yield* holds({ ...view, input: taken }, to.until)) {
      close(draft, id);
      draft.patch(id, { listening: { ...current(draft, id), queue: [] } });
    }
  }
  return yield* next(view, task);
}

/** The next event of the queue; the end when there is none and no more are wanted. */
function* next(view: View, task: ListenTask): Asking<Next> {
  const { draft, id } = view;
  const { queue, taken, closed } = current(draft, id);
  const [item] = queue;
  if (item === undefined) return closed ? done(taken) : wait;
  const block = `${draft.frame(id).ref}/foreach/do`;
  if ((task.foreach?.do ?? []).length > 0) return { is: "block", block, raw: item };
  return yield* endItem(view, task, item);
}

function close(draft: Draft, id: FrameId): void {
  const { listener, ...rest } = current(draft, id);
  draft.release(listener, "All events have come");
  draft.patch(id, { listening: { ...rest, closed: true } });
}

/**
 * Those filters whose correlations hold. Where one has no `expect`, the first event fixes it, for all filters of the task
 * that have a correlation of this name; a second event may have been on its way by then, so it is looked at here too.
 */
function* correlated(
  view: View,
  task: ListenTask,
  listening: ListenFrame,
  event: CloudEvent,
  filters: readonly number[],
): Asking<readonly number[]> {
  const rules = rulesOf(task);
  const expect: Record<string, Json> = { ...listening.expect };
  const fitting: number[] = [];
  for (const place of filters) {
    const rule = rules[place];
    if (rule === undefined) continue;
    const open = Object.entries(rule.correlate ?? {}).filter(
      ([, { expect: wanted }]) => wanted === undefined,
    );
    const found = yield* evaluate(
      { ...view, input: event as Json },
      open.map(([, { from }]) => bare(from)),
    );
    const fits = open.every(
      ([name], index) =>
        !Object.hasOwn(expect, name) || isDeepStrictEqual(expect[name], found[index] ?? null),
    );
    if (!fits) continue;
    for (const [index, [name]] of open.entries())
      if (!Object.hasOwn(expect, name)) expect[name] = found[index] ?? null;
    fitting.push(place);
  }
  if (Object.keys(expect).length > Object.keys(listening.expect).length) {
    view.draft.patch(view.id, { listening: { ...listening, expect } });
    reopen(view.draft, view.id, task);
  }
  return fitting;
}

function current(draft: Draft, id: FrameId): ListenFrame {
  return draft.frame(id).listening ?? { expect: {}, taken: [], queue: [], met: [] };
}

const rulesOf = (task: ListenTask): readonly FilterRule[] => allRules(task.listen.to);

/** Under which name a frame keeps an `expect` of the definition; what the first event fixes is kept by the correlation's own name. */
const fixed = (place: number, name: string): string => `${place}/${name}`;

function filterOf(view: View, rule: FilterRule, place: number, { expect }: ListenFrame): EventFilter {
  const correlate: Record<string, { from: string; expect?: Json }> = {};
  for (const [name, { from, expect: given }] of Object.entries(rule.correlate ?? {})) {
    const key = given === undefined ? name : fixed(place, name);
    const wanted = Object.hasOwn(expect, key) ? expect[key] : undefined;
    correlate[name] = { from: bare(from), ...(wanted === undefined ? {} : { expect: wanted }) };
  }
  const expressions = [...Object.values(rule.with), ...Object.values(correlate).map(({ from }) => from)];
  const named = variables(view.draft, view.id, view.stage, expressions.filter(isText));
  return {
    with: rule.with as Readonly<Record<string, Json>>,
    ...(rule.correlate === undefined ? {} : { correlate }),
    ...(Object.keys(named).length === 0 ? {} : { variables: named }),
  };
}

const isText = (value: Json | undefined): value is string => typeof value === "string";
