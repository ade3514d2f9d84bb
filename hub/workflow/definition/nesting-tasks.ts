import { isObject, type Json } from "#kernel/json.js";
import { type Check, flag, named, object, text, words } from "./checks.js";
import { consumption } from "./event-forms.js";
import { expression, template } from "./expressions.js";
import { readForms } from "./model.js";
import { errorFilter, exportRule, outputRule, retryPolicy } from "./part-forms.js";
import { taskForm, then } from "./task-keys.js";

/** The check for a list of tasks within a task; `branches` begin together, rather than one after the other. */
type TaskList = (noun: string, branches?: boolean) => Check;

const variableName = (noun: string): Check =>
  text(noun, /^[A-Za-z_]\w*$/, "a name of letters, digits and _, without the dollar sign");

/** `do`: tasks one after the other. */
export function doTask(taskList: TaskList): Check {
  return taskForm("do", { do: taskList("do") });
}

/** `fork`: tasks side by side. */
export function forkTask(taskList: TaskList): Check {
  const fork = object("fork", { branches: taskList("branches", true), compete: flag("compete") }, [
    "branches",
  ]);
  return taskForm("fork", { fork });
}

/** `for`: tasks for each item of a list, which they see by a name. */
export function forTask(taskList: TaskList): Check {
  return (spot) => {
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
    taskForm(
      "for",
      {
        for: object("for", { each: variableName("each"), in: eachIn, at: variableName("at") }, ["in"]),
        while: inside(expression("while")),
        do: inside(taskList("do")),
      },
      ["do"],
    )(spot);
  };
}

/** `listen`: events, and tasks for each of them. */
export function listenTask(taskList: TaskList): Check {
  return (spot) => {
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
    taskForm("listen", {
      listen: object("listen", { to: consumption, read: words("read", readForms) }, ["to"]),
      foreach: (inner) => {
        iterator(inner.with(names));
      },
    })(spot);
  };
}

/** `try`: tasks, and what is done about their errors. */
export function tryTask(taskList: TaskList): Check {
  return (spot) => {
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
    taskForm(
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
}

function nameOr(given: Json | undefined, otherwise: string): string {
  return typeof given === "string" ? given : otherwise;
}
