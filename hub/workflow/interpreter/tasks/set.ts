import type { SetTask } from "../../definition/model.js";
import { type Asking, fill } from "../dataflow.js";
import type { View } from "../scope.js";
import { done, type Next } from "./next.js";

/** `set`: the output is what the template gives. */
export function* startSet(view: View, task: SetTask): Asking<Next> {
  return done(yield* fill(view, task.set));
}
