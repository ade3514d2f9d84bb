import { isObject, type JsonObject } from "#kernel/json.js";
import { didYouMean, listWords } from "#kernel/words.js";
import { templateObject } from "./call-forms.js";
import { callTask } from "./call-task.js";
import { type Check, list, named, object, textOr } from "./checks.js";
import { emittedEvent } from "./event-forms.js";
import { strictExpression } from "./expressions.js";
import { checkFlow } from "./flow.js";
import { type TaskKind, taskKinds } from "./model.js";
import { doTask, forkTask, forTask, listenTask, tryTask } from "./nesting-tasks.js";
import { duration, workflowError } from "./part-forms.js";
import { runTask } from "./run-task.js";
import { described, quoted, type Spot } from "./survey.js";
import { switchTask } from "./switch-task.js";
import { commonKeys, taskForm } from "./task-keys.js";
import { keywordOf } from "./ways.js";

const maxNameLength = 128;

/** A list of named tasks, with its names, its jumps and its ways. */
export function taskList(noun: string, branches = false): Check {
  const items = list(noun, taskItem, 1);
  return (spot) => {
    items(spot);
    checkFlow(spot, branches);
  };
}

/** An object whose one key is the task's name. */
const taskItem: Check = (spot) => {
  const { value } = spot;
  const entries = isObject(value) ? Object.entries(value) : [];
  const [entry] = entries;
  if (!isObject(value) || entry === undefined) {
    spot.error(
      "wrong-type",
      `An item of a list of tasks must be a name with its task, and is ${described(value)}.`,
    );
  } else if (entries.length > 1) {
    const hint =
      entry[1] === null
        ? "Indent the task below its name."
        : "Write each task as an item of its own, with a -.";
    spot.error(
      "too-many-keys",
      `An item of a list of tasks has one key, its name; this has ${listWords(entries.map(([key]) => quoted(key)))}.`,
      hint,
    );
  } else {
    const [name, body] = entry;
    if (name === "" || name.length > maxNameLength)
      spot.child(name, body).keyError("wrong-value", `A task's name has 1 to ${maxNameLength} characters.`);
    task(spot.child(name, body));
  }
};

/** One task: its keyword says which form it has. */
export const task: Check = (spot) => {
  const { value } = spot;
  if (!isObject(value)) {
    spot.error("wrong-type", `A task must be an object, and is ${described(value)}.`);
    return;
  }
  const kind = keywordOf(value);
  if (kind === undefined) {
    withoutKeyword(spot, value);
    return;
  }
  const others = taskKinds.filter(
    (one) => one !== kind && Object.hasOwn(value, one) && !(kind === "for" && one === "do"),
  );
  if (others.length > 0) {
    spot.error(
      "too-many-keys",
      `A task has one keyword; this has ${listWords([kind, ...others])}.`,
      "Make several tasks of it.",
    );
    return;
  }
  forms[kind](spot);
};

function withoutKeyword(spot: Spot, value: JsonObject): void {
  const strange = Object.keys(value).filter((key) => !Object.hasOwn(commonKeys, key));
  const typo = strange.find((key) => didYouMean(key, taskKinds) !== "");
  if (typo !== undefined)
    spot
      .child(typo, value[typo] ?? null)
      .unknownWord("unknown-key", "A task has no keyword", typo, taskKinds, "key");
  else
    spot.error(
      "missing-key",
      "A task needs a keyword that says what it does.",
      `Allowed: ${listWords(taskKinds)}.`,
    );
}

const setData: Check = textOr(strictExpression("set"), (spot) => {
  if (isObject(spot.value) && Object.keys(spot.value).length === 0)
    spot.error("wrong-value", "set must have at least one key.");
  else templateObject("set")(spot);
});

const forms: Readonly<Record<TaskKind, Check>> = {
  call: callTask,
  do: doTask(taskList),
  emit: taskForm("emit", { emit: object("emit", { event: emittedEvent }, ["event"]) }),
  for: forTask(taskList),
  fork: forkTask(taskList),
  listen: listenTask(taskList),
  raise: taskForm("raise", { raise: object("raise", { error: named("errors", workflowError) }, ["error"]) }),
  run: runTask,
  set: taskForm("set", { set: setData }),
  switch: switchTask,
  try: tryTask(taskList),
  wait: taskForm("wait", { wait: duration("wait") }),
};
