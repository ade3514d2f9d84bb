import { isList, isObject, type Json, type JsonObject } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";
import type { TaskKind, Workflow } from "./model.js";
import { type PlacedTask, walkTasks } from "./walk.js";

/** What became of a task, or of a part of the document that is no task. */
export interface WorkflowChange {
  /** `moved`: it stands elsewhere among the tasks of its list. */
  readonly change: "added" | "removed" | "changed" | "moved";
  /** JSON Pointer in the new document; of what was removed, in the old one. */
  readonly ref: string;
  /** Absent for a part of the document, such as `/input`. */
  readonly task?: { readonly name: string; readonly kind: TaskKind };
  /** What differs, by JSON Pointers from `ref`. */
  readonly pointers: readonly string[];
}

/** How a workflow differs from an older one, task by task: a task is the same when it has the same name in the same place. */
export function diffWorkflows(before: Workflow, after: Workflow): readonly WorkflowChange[] {
  const old = byNames(before);
  const now = byNames(after);
  const moved = movedTasks(old, now);
  const changes = documentChanges(before, after);
  for (const [key, task] of now) {
    const was = old.get(key);
    // What a new task contains is new with it.
    if (was === undefined) {
      if (task.parentKey === undefined || old.has(task.parentKey)) changes.push(taskChange("added", task));
      continue;
    }
    const pointers = was.kind === task.kind ? differences(ownPart(was), ownPart(task)) : [""];
    if (pointers.length > 0) changes.push(taskChange("changed", task, pointers));
    if (moved.has(key)) changes.push(taskChange("moved", task));
  }
  for (const [key, task] of old) {
    if (!now.has(key) && (task.parentKey === undefined || now.has(task.parentKey)))
      changes.push(taskChange("removed", task));
  }
  return changes;
}

/** The JSON Pointers at which two values differ: the deepest ones, in order. */
function differences(before: Json | undefined, after: Json | undefined, pointer = ""): readonly string[] {
  if (before === after) return [];
  if (isList(before) && isList(after)) {
    const indices = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index);
    return indices.flatMap((index) => differences(before[index], after[index], `${pointer}/${index}`));
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return keys.flatMap((key) => differences(before[key], after[key], `${pointer}/${pointerPart(key)}`));
  }
  return [pointer];
}

/** A task with the names on the way to it; places in lists change with every task that is put in before. */
interface NamedTask extends PlacedTask {
  readonly parentKey: string | undefined;
  /** The list that it stands in, by names. */
  readonly list: string;
}

function byNames(workflow: Workflow): ReadonlyMap<string, NamedTask> {
  const keys = new Map<string, string>();
  const tasks = new Map<string, NamedTask>();
  for (const task of walkTasks(workflow)) {
    const parentKey = task.parentRef === undefined ? undefined : keys.get(task.parentRef);
    const way = task.ref.slice(task.parentRef?.length ?? 0).split("/");
    // A function of `use` has no place in a list: its name is its key.
    const inList = task.parentRef !== undefined || !task.ref.startsWith("/use/functions/");
    const list = `${parentKey ?? ""}${way.slice(0, inList ? -2 : -1).join("/")}`;
    const key = `${list}/${pointerPart(task.name)}`;
    keys.set(task.ref, key);
    tasks.set(key, { ...task, parentKey, list });
  }
  return tasks;
}

/** The fewest tasks whose moving makes the old order of their lists the new one. */
function movedTasks(
  old: ReadonlyMap<string, NamedTask>,
  now: ReadonlyMap<string, NamedTask>,
): ReadonlySet<string> {
  const places = new Map([...old.keys()].map((key, index) => [key, index]));
  const lists = new Map<string, string[]>();
  for (const [key, { list }] of now) if (old.has(key)) lists.set(list, [...(lists.get(list) ?? []), key]);
  const moved = new Set<string>();
  for (const keys of lists.values()) {
    const stayed = longestRise(keys.map((key) => places.get(key) ?? 0));
    for (const [index, key] of keys.entries()) if (!stayed.has(index)) moved.add(key);
  }
  return moved;
}

/** The indices of a longest rising subsequence: patience sorting with links back. */
function longestRise(numbers: readonly number[]): ReadonlySet<number> {
  const tops: number[] = [];
  const previous: (number | undefined)[] = [];
  for (const [index, number] of numbers.entries()) {
    let low = 0;
    for (let high = tops.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((numbers[tops[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    previous[index] = tops[low - 1];
    tops[low] = index;
  }
  const rise = new Set<number>();
  for (let at = tops.at(-1); at !== undefined; at = previous[at]) rise.add(at);
  return rise;
}

/** What a task says itself, without the tasks that it contains. */
function ownPart({ kind, task }: PlacedTask): JsonObject {
  const own = omit(task as unknown as JsonObject, ["do", "try"]);
  const without = (key: string, inner: string): JsonObject => {
    const holder = own[key];
    return isObject(holder) ? { ...own, [key]: omit(holder, [inner]) } : own;
  };
  if (kind === "fork") return without("fork", "branches");
  if (kind === "listen") return without("foreach", "do");
  return kind === "try" ? without("catch", "do") : own;
}

function omit(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** Changes of the document outside of its tasks, one for each part. */
function documentChanges(before: Workflow, after: Workflow): WorkflowChange[] {
  const [old, now] = [documentParts(before), documentParts(after)];
  const refs = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return refs.flatMap((ref): WorkflowChange[] => {
    const pointers = differences(old[ref], now[ref]);
    if (pointers.length === 0) return [];
    const change = old[ref] === undefined ? "added" : now[ref] === undefined ? "removed" : "changed";
    return [{ change, ref, pointers: change === "changed" ? pointers : [] }];
  });
}

function documentParts(workflow: Workflow): JsonObject {
  const document = workflow as unknown as JsonObject;
  const shared = isObject(document["use"]) ? omit(document["use"], ["functions", "extensions"]) : {};
  const parts: Record<string, Json> = {};
  for (const [key, value] of Object.entries(omit(document, ["do", "use"]))) parts[`/${key}`] = value;
  for (const [key, value] of Object.entries(shared)) parts[`/use/${key}`] = value;
  for (const item of workflow.use?.extensions ?? []) {
    for (const [name, extension] of Object.entries(item)) {
      const own = omit(extension as unknown as JsonObject, ["before", "after"]);
      parts[`/use/extensions/${pointerPart(name)}`] = own;
    }
  }
  return parts;
}

function taskChange(
  change: WorkflowChange["change"],
  { ref, name, kind }: PlacedTask,
  pointers: readonly string[] = [],
): WorkflowChange {
  return { change, ref, task: { name, kind }, pointers };
}
