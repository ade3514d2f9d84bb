import { isObject, type Json, type JsonObject } from "#kernel/json.js";
import { didYouMean, listWords } from "#kernel/words.js";
import { callArguments, templateObject, unsupportedProtocols } from "./call-forms.js";
import { checkCelText } from "./cel-texts.js";
import {
  anyObject,
  anything,
  type Check,
  flag,
  list,
  named,
  object,
  oneOf,
  text,
  textOr,
  unsupported,
  words,
} from "./checks.js";
import { consumption, emittedEvent } from "./event-forms.js";
import { expression, strictExpression, template } from "./expressions.js";
import { checkFlow } from "./flow.js";
import { type TaskKind, taskKinds } from "./model.js";
import { callProtocols } from "./call-model.js";
import {
  duration,
  errorFilter,
  exportRule,
  inputRule,
  outputRule,
  retryPolicy,
  timeout,
  workflowError,
} from "./part-forms.js";
import { described, quoted, type Spot } from "./survey.js";
import { keywordOf } from "./ways.js";

const maxNameLength = 128;
const then = text("then");
const variableName = (noun: string): Check =>
  text(noun, /^[A-Za-z_]\w*$/, "a name of letters, digits and _, without the dollar sign");

/** Before its input is made, a task has no `$input` yet. */
const beforeInput =
  (secrets: boolean) =>
  (check: Check): Check =>
  (spot) => {
    check(spot.without(["input", "authorization"]).with([], secrets));
  };

const common: Readonly<Record<string, Check>> = {
  if: beforeInput(false)(expression("if")),
  input: inputRule(beforeInput(true)),
  output: outputRule,
  export: exportRule,
  timeout,
  then,
  metadata: anyObject("metadata"),
};

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
  const strange = Object.keys(value).filter((key) => !Object.hasOwn(common, key));
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

const form = (
  kind: TaskKind,
  keys: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): Check => object(`The ${kind} task`, { ...common, ...keys }, [kind, ...required]);

const functionCall = form("call", { call: text("call"), with: templateObject("with") });
const protocolCalls = Object.fromEntries(
  callProtocols.map((name) => [name, form("call", { call: anything, with: callArguments[name] }, ["with"])]),
);
const call: Check = (spot) => {
  const value = isObject(spot.value) ? spot.value : {};
  const name = value["call"];
  const protocol =
    typeof name === "string" && Object.hasOwn(protocolCalls, name) ? protocolCalls[name] : undefined;
  const refusal =
    typeof name === "string" && Object.hasOwn(unsupportedProtocols, name)
      ? unsupportedProtocols[name]
      : undefined;
  if (refusal !== undefined) spot.child("call", value["call"] ?? null).error("unsupported", refusal);
  (protocol ?? functionCall)(spot);
  if (typeof name !== "string" || protocol !== undefined) return;
  if (!spot.survey.names.functions.includes(name)) spot.survey.calls.push({ name, pointer: spot.pointer });
  checkCelText(spot.child("with", value["with"] ?? null));
};

const semver = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const pinnedVersion: Check = (spot) => {
  const { value } = spot;
  if (typeof value === "string" && !semver.test(value)) {
    const hint = "A run keeps its definition for life, and so must what it runs.";
    spot.error("version-not-pinned", `The version must be one exact version, and is ${quoted(value)}.`, hint);
  } else text("The version")(spot);
};
const calledWorkflow = object(
  "workflow",
  {
    namespace: text("The namespace"),
    name: text("The name"),
    version: pinnedVersion,
    input: textOr(strictExpression("The input"), templateObject("The input")),
  },
  ["namespace", "name", "version"],
);
const program = unsupported(
  "Programs (script, shell, container) are refused until sites can approve programs.",
  "What the hub can do itself: call, set, run.workflow.",
);

const loop: Check = (spot) => {
  const value = isObject(spot.value) ? spot.value : {};
  const settings = isObject(value["for"]) ? value["for"] : {};
  const names = [nameOr(settings["each"], "item"), nameOr(settings["at"], "index")];
  const inside =
    (check: Check): Check =>
    (inner) => {
      check(inner.with(names));
    };
  const eachIn: Check = (inner) => {
    if (Array.isArray(inner.value)) template(inner);
    else expression("in")(inner);
  };
  form(
    "for",
    {
      for: object("for", { each: variableName("each"), in: eachIn, at: variableName("at") }, ["in"]),
      while: inside(expression("while")),
      do: inside(taskList("do")),
    },
    ["do"],
  )(spot);
};

const listen: Check = (spot) => {
  const value = isObject(spot.value) ? spot.value : {};
  const settings = isObject(value["foreach"]) ? value["foreach"] : {};
  const names = [nameOr(settings["item"], "item"), nameOr(settings["at"], "index")];
  const iterator = object("foreach", {
    item: variableName("item"),
    at: variableName("at"),
    do: taskList("do"),
    output: outputRule,
    export: exportRule,
  });
  form("listen", {
    listen: object("listen", { to: consumption, read: words("read", ["data", "envelope", "raw"]) }, ["to"]),
    foreach: (inner) => {
      iterator(inner.with(names));
    },
  })(spot);
};

const attempt: Check = (spot) => {
  const value = isObject(spot.value) ? spot.value : {};
  const caught = isObject(value["catch"]) ? value["catch"] : {};
  const handler = object("catch", {
    errors: object("errors", { with: errorFilter }),
    as: variableName("as"),
    when: expression("when"),
    exceptWhen: expression("exceptWhen"),
    retry: named("retries", retryPolicy),
    do: taskList("do"),
    then,
  });
  form(
    "try",
    {
      try: taskList("try"),
      catch: (inner) => {
        handler(inner.with([nameOr(caught["as"], "error")]));
      },
    },
    ["catch"],
  )(spot);
};

const switchCases: Check = (spot) => {
  const one = object("A case", { when: expression("when"), then }, ["then"]);
  const seen = new Set<string>();
  let defaults = 0;
  list(
    "switch",
    (item) => {
      const entries = isObject(item.value) ? Object.entries(item.value) : [];
      const [entry] = entries;
      if (entry === undefined || entries.length > 1) {
        item.error("wrong-type", "An item of a switch must be one name with its case.");
        return;
      }
      const inner = item.child(...entry);
      one(inner);
      if (seen.has(entry[0]))
        inner.keyError("duplicate-name", `There are two cases ${quoted(entry[0])} in this switch.`);
      seen.add(entry[0]);
      if (isObject(entry[1]) && !Object.hasOwn(entry[1], "when") && ++defaults === 2)
        inner.keyError(
          "two-defaults",
          "This switch has two cases without a when; only one can be the default.",
        );
    },
    1,
  )(spot);
};

const setData: Check = textOr(strictExpression("set"), (spot) => {
  if (isObject(spot.value) && Object.keys(spot.value).length === 0)
    spot.error("wrong-value", "set must have at least one key.");
  else templateObject("set")(spot);
});

const forms: Readonly<Record<TaskKind, Check>> = {
  call,
  do: form("do", {
    do: (spot) => {
      taskList("do")(spot);
    },
  }),
  emit: form("emit", { emit: object("emit", { event: emittedEvent }, ["event"]) }),
  for: loop,
  fork: form("fork", {
    fork: object(
      "fork",
      {
        branches: (spot) => {
          taskList("branches", true)(spot);
        },
        compete: flag("compete"),
      },
      ["branches"],
    ),
  }),
  listen,
  raise: form("raise", { raise: object("raise", { error: named("errors", workflowError) }, ["error"]) }),
  run: form("run", {
    run: oneOf(
      "run",
      { workflow: calledWorkflow, script: program, shell: program, container: program },
      { await: flag("await"), return: words("return", ["stdout", "stderr", "code", "all", "none"]) },
    ),
  }),
  set: form("set", { set: setData }),
  switch: form("switch", { switch: switchCases }),
  try: attempt,
  wait: form("wait", { wait: duration("wait") }),
};

function nameOr(given: Json | undefined, otherwise: string): string {
  return typeof given === "string" ? given : otherwise;
}
