import type { WaitTask } from "../../definition/model.js";
import type { Asking } from "../dataflow.js";
import { evaluateDuration } from "../duration.js";
import { news } from "../news.js";
import type { View } from "../scope.js";
import { done, type Next, wait } from "./next.js";

/** `wait`: a timer; the output is the input. */
export function* startWait(view: View, task: WaitTask): Asking<Next> {
  const { draft, id } = view;
  const ms = yield* evaluateDuration(view, task.wait);
  if (ms === 0) return done(view.input);
  draft.patch(id, { timer: draft.setTimer(id, ms) });
  news(draft, id, "waiting");
  return wait;
}
