import type { Json } from "#kernel/json.js";
import type { ForTask } from "../../definition/model.js";
import { type Asking, answer, fill, holds } from "../dataflow.js";
import { fault } from "../errors.js";
import { ownVariables, type View, viewOf } from "../scope.js";
import { done, type Next } from "./next.js";

/** `for`: one pass for each item, one after the other. The output is that of the last pass; without one, the input. */
export function* startFor(view: View, task: ForTask): Asking<Next> {
  const { draft, id } = view;
  const items =
    typeof task.for.in === "string" ? yield* answer(view, task.for.in) : yield* fill(view, task.for.in);
  if (!Array.isArray(items))
    throw fault("expression", "for.in gives no list", `It gives ${JSON.stringify(items).slice(0, 80)}.`);
  if (task.do.length === 0) return done(view.input);
  draft.patch(id, { loop: { items: items as readonly Json[], at: 0 } });
  return yield* pass(view, task, undefined);
}

/** The tasks of a pass are done. */
export function* endPass(view: View, task: ForTask, output: Json): Asking<Next> {
  const { draft, id } = view;
  const { loop } = draft.frame(id);
  if (loop === undefined) return done(output);
  draft.patch(id, { loop: { ...loop, at: loop.at + 1 } });
  return yield* pass(view, task, output);
}

/** The next pass, with what the one before has given. */
function* pass({ draft, id }: View, task: ForTask, given: Json | undefined): Asking<Next> {
  const frame = draft.frame(id);
  const step = draft.stepAt(frame.ref);
  const view = viewOf(draft, id, { variables: ownVariables(frame, step) });
  const input = given === undefined ? view.input : given;
  const { items, at } = frame.loop ?? { items: [], at: 0 };
  if (at >= items.length) return done(input);
  if (task.while !== undefined && !(yield* holds({ ...view, input }, task.while))) return done(input);
  return { is: "block", block: `${frame.ref}/do`, ...(given === undefined ? {} : { raw: given }) };
}
