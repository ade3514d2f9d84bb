import type { Json } from "#kernel/json.js";
import type { RaiseTask } from "../../definition/model.js";
import { type Asking, fill } from "../dataflow.js";
import { Fault, fault } from "../errors.js";
import type { View } from "../scope.js";
import { expandUri } from "../uri.js";

/** `raise`: the error in place or by its name; its instance is the task that raises it. */
export function* startRaise(view: View, task: RaiseTask): Asking<never> {
  const { error } = task.raise;
  const template = typeof error === "string" ? view.draft.program.workflow.use?.errors?.[error] : error;
  if (template === undefined)
    throw fault("configuration", `The workflow has no error ${JSON.stringify(error)}`);
  const filled = (yield* fill(view, { ...template, instance: "" })) as Readonly<Record<string, Json>>;
  const { type, status, title, detail } = filled;
  if (typeof type !== "string" || type === "") throw wrong("type", "text", type);
  if (typeof status !== "number" || !Number.isInteger(status))
    throw wrong("status", "a whole number", status);
  throw new Fault({
    type: template.type === type ? expandUri(type, view.input) : type,
    status,
    ...textField("title", title),
    ...textField("detail", detail),
  });
}

function textField(name: "title" | "detail", value: Json | undefined): { [key in typeof name]?: string } {
  if (value === undefined || value === null) return {};
  if (typeof value === "object") throw wrong(name, "text", value);
  return { [name]: String(value) };
}

const wrong = (field: string, wanted: string, value: Json | undefined): Fault =>
  fault(
    "expression",
    `The error to raise has a wrong ${field}`,
    `It must be ${wanted}, and is ${JSON.stringify(value ?? null).slice(0, 80)}.`,
  );
