import { anyObject, type Check, object, text } from "./checks.js";
import { expression } from "./expressions.js";
import type { TaskKind } from "./model.js";
import { exportRule, inputRule, outputRule, timeout } from "./part-forms.js";

/** Where to go on: the name of a task, or `continue`, `exit`, `end`. */
export const then = text("then");

/** Before its input is made, a task has no `$input` yet. */
const beforeInput =
  (secrets: boolean) =>
  (check: Check): Check =>
  (spot) => {
    check(spot.without(["input", "authorization"]).with([], secrets));
  };

/** The keys that every kind of task has. */
export const commonKeys: Readonly<Record<string, Check>> = {
  if: beforeInput(false)(expression("if")),
  input: inputRule(beforeInput(true)),
  output: outputRule,
  export: exportRule,
  timeout,
  then,
  metadata: anyObject("metadata"),
};

/** The form of a kind of task: its own keys, its keyword among them, besides those that all have. */
export const taskForm = (
  kind: TaskKind,
  keys: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Check => object(`The ${kind} task`, { ...commonKeys, ...keys }, [kind, ...required]);
