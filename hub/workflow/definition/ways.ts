import { isObject, type Json, type JsonObject } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import { type TaskKind, taskKinds } from "./model.js";

/** A task of a list, as far as it can be made out: these functions look at documents that may have faults. */
interface Step {
  readonly name: string;
  /** Its place in the list. */
  readonly index: number;
  readonly task: Json;
}

/** Where a task may go when it is done: a place in its list (the list's length: its end), out of the list, or the end of all. */
export interface Way {
  readonly to: number | "exit" | "end";
  /** The case of a `switch` that goes this way, or `caught`. */
  readonly label?: string;
}

/** A jump that a document asks for. */
interface Jump {
  readonly target: string;
  /** JSON Pointer from the task. */
  readonly pointer: string;
}

/** The tasks that can be made out in a list. */
export function stepsIn(list: Json | undefined): readonly Step[] {
  if (!Array.isArray(list)) return [];
  return (list as readonly Json[]).flatMap((item, index) => {
    const [name, task] = firstEntry(item);
    return name === undefined || task === undefined ? [] : [{ name, index, task }];
  });
}

/** The keyword of a value that may be a task. `do` comes last: a `for` has one too. */
export function keywordOf(task: Json | undefined): TaskKind | undefined {
  if (!isObject(task)) return undefined;
  const found = taskKinds.find((kind) => kind !== "do" && Object.hasOwn(task, kind));
  return found ?? (Object.hasOwn(task, "do") ? "do" : undefined);
}

/** Every `then` of a task: its own, its catch's, its cases'. */
export function jumpsOf(task: Json): readonly Jump[] {
  if (!isObject(task)) return [];
  const jumps: Jump[] = [];
  const add = (holder: Json | undefined, pointer: string): void => {
    const target = isObject(holder) ? holder["then"] : undefined;
    if (typeof target === "string") jumps.push({ target, pointer: `${pointer}/then` });
  };
  add(task, "");
  add(task["catch"], "/catch");
  for (const { name, index, body } of casesOf(task)) add(body, `/switch/${index}/${pointerPart(name)}`);
  return jumps;
}

/** Where each task of a list may go, by its place: nowhere if it always raises an error, or never comes to its end. */
export function waysThrough(list: Json | undefined): readonly (readonly Way[])[] {
  if (!Array.isArray(list)) return [];
  const steps = new Map(stepsIn(list).map((step) => [step.index, step]));
  const places = new Map([...steps.values()].toReversed().map(({ name, index }) => [name, index]));
  return list.map((_, at) => waysFrom(steps.get(at)?.task, at + 1, places));
}

function waysFrom(task: Json | undefined, next: number, places: ReadonlyMap<string, number>): readonly Way[] {
  if (!isObject(task)) return [{ to: next }];
  const target = (then: Json | undefined): Way["to"] => {
    if (then === "exit" || then === "end") return then;
    return (typeof then === "string" ? places.get(then) : undefined) ?? next;
  };
  const cases = casesOf(task);
  const ways: Way[] = cases.map(({ name, body }) => ({ to: target(thenOf(body)), label: name }));
  const decided = cases.some(({ body }) => isObject(body) && !Object.hasOwn(body, "when"));
  const skippable = task["if"] !== undefined;
  if ((completes(task) && !decided) || skippable) ways.push({ to: target(task["then"]) });
  if (thenOf(task["catch"]) !== undefined) ways.push({ to: target(thenOf(task["catch"])), label: "caught" });
  // Whether the `then` of a task that is skipped counts is left open by the language: both ways are taken.
  if (skippable && target(task["then"]) !== next) ways.push({ to: next, label: "skipped" });
  return ways;
}

/** The places of a list that can be reached from one, and whether its end, or an `exit`, is among what can be reached. */
export function reachable(
  ways: readonly (readonly Way[])[],
  from = 0,
): { readonly places: ReadonlySet<number>; readonly ends: boolean } {
  const places = new Set<number>();
  const open = [from];
  let ends = false;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const onward = ways[at];
    if (onward === undefined) ends = true;
    if (onward === undefined || places.has(at)) continue;
    places.add(at);
    for (const { to } of onward) {
      if (typeof to === "number") open.push(to);
      else if (to === "exit") ends = true;
    }
  }
  return { places, ends };
}

/** The places of a list from which some way leads out of it: by its end, by a directive, or by an error. */
export function leadingOut(ways: readonly (readonly Way[])[]): ReadonlySet<number> {
  const before = new Map<number, number[]>();
  const open: number[] = [];
  for (const [at, onward] of ways.entries()) {
    if (onward.length === 0) open.push(at);
    for (const { to } of onward) {
      if (typeof to !== "number" || to >= ways.length) open.push(at);
      else {
        const sources = before.get(to);
        if (sources === undefined) before.set(to, [at]);
        else sources.push(at);
      }
    }
  }
  const found = new Set<number>();
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    for (const source of before.get(at) ?? []) open.push(source);
  }
  return found;
}

/** Whether a task can come to its own end, so that its list goes on. */
function completes(task: JsonObject): boolean {
  switch (keywordOf(task)) {
    case "raise":
      return false;
    case "do":
      return listEnds(task["do"]);
    case "fork": {
      const fork = isObject(task["fork"]) ? task["fork"] : {};
      const ends = stepsIn(fork["branches"]).map(
        ({ task: branch }) => !isObject(branch) || completes(branch),
      );
      return fork["compete"] === true ? ends.length === 0 || ends.includes(true) : !ends.includes(false);
    }
    case "try": {
      const caught = isObject(task["catch"]) ? task["catch"] : {};
      return listEnds(task["try"]) || caught["do"] === undefined || listEnds(caught["do"]);
    }
    case "call":
    case "emit":
    case "for":
    case "listen":
    case "run":
    case "set":
    case "switch":
    case "wait":
    case undefined:
      return true;
  }
}

function listEnds(list: Json | undefined): boolean {
  return !Array.isArray(list) || reachable(waysThrough(list)).ends;
}

function casesOf(task: JsonObject): readonly { name: string; index: number; body: Json }[] {
  return stepsIn(task["switch"]).map(({ name, index, task: body }) => ({ name, index, body }));
}

function thenOf(holder: Json | undefined): Json | undefined {
  return isObject(holder) ? holder["then"] : undefined;
}

function firstEntry(item: Json): [string, Json] | [] {
  return isObject(item) ? (Object.entries(item)[0] ?? []) : [];
}
