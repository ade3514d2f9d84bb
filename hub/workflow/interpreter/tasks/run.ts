import type { Json } from "#kernel/json.js";
import type { RunTask } from "../../definition/model.js";
import { type Asking, fill } from "../dataflow.js";
import { fault } from "../errors.js";
import type { View } from "../scope.js";
import { done, type Next, wait } from "./next.js";

/** `run`: another workflow, as an effect. Programs run at sites only. */
export function* startRun(view: View, task: RunTask): Asking<Next> {
  const { draft, id } = view;
  const { run } = task;
  if (!("workflow" in run))
    throw fault(
      "configuration",
      "The hub runs no programs",
      "run: script, shell and container run as approved programs at sites only, and sites cannot approve programs yet.",
    );
  const { namespace, name, version, input = {} } = run.workflow;
  const template: Json = { workflow: { namespace, name, version }, input, await: run.await ?? true };
  draft.startEffect(id, "run.workflow", yield* fill(view, template));
  return wait;
}

/** The other workflow has ended, or, where nobody waits for its end, has been started. */
export function endRun(view: View, task: RunTask, output: Json): Next {
  if (task.run.await === false) return done(view.input);
  return done(task.run.return === "none" ? null : output);
}
