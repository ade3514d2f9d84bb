import type { Json } from "#kernel/json.js";
import { quoted, type Spot } from "./survey.js";
import { jumpsOf, leadingOut, reachable, stepsIn, waysThrough } from "./ways.js";

/** Where `then` may lead besides tasks. */
const directives = ["continue", "exit", "end"];

/** Checks the names, the jumps and the ways through a list of tasks. The branches of a fork run side by side: none leads to another. */
export function checkFlow(list: Spot, branches = false): void {
  if (!Array.isArray(list.value)) return;
  const steps = stepsIn(list.value);
  const spots = new Map(
    steps.map(({ name, index, task }) => [index, list.child(index, null).child(name, task)]),
  );
  const names = new Set<string>();
  for (const { name, index } of steps) {
    if (names.has(name)) {
      const message = `There are two tasks ${quoted(name)} in this list.`;
      spots.get(index)?.keyError("duplicate-name", message, "Each task of a list has a name of its own.");
    } else if (directives.includes(name)) {
      spots.get(index)?.keyError("name-reserved", `A task cannot be called ${quoted(name)}.`);
    }
    names.add(name);
  }
  const targets = branches ? [] : [...names];
  for (const { task, index } of steps) checkJumps(task, spots.get(index), targets);
  if (branches) return;

  const ways = waysThrough(list.value);
  const reached = new Set(reachable(ways).places);
  const leading = leadingOut(ways);
  const stuck = steps.find(({ index }) => reached.has(index) && !leading.has(index));
  for (const { name, index } of steps) {
    if (reached.has(index)) continue;
    // A warning: the language allows it, and it does no harm.
    spots
      .get(index)
      ?.keyWarning(
        "unreachable",
        `No way leads to the task ${quoted(name)}.`,
        "The task before it always goes elsewhere, or ends the run, and no other task jumps to this one.",
      );
    // What only this one leads to is not told again.
    for (const at of reachable(ways, index).places) reached.add(at);
  }
  if (stuck !== undefined) {
    spots
      .get(stuck.index)
      ?.keyWarning(
        "endless",
        `From the task ${quoted(stuck.name)} no way leads out of this list.`,
        "Give the loop an end: a switch, or an if at the task that jumps back.",
      );
  }
}

/** Every `then` of a task names a directive, or a task of the same list. */
export function checkJumps(task: Json, spot: Spot | undefined, names: readonly string[]): void {
  for (const { target, pointer } of jumpsOf(task)) {
    if (directives.includes(target) || names.includes(target)) continue;
    const what = "There is no task to go to in this list with the name";
    spot
      ?.below(pointer, target)
      .unknownWord("jump-nowhere", what, target, [...names, ...directives], "value");
  }
}
