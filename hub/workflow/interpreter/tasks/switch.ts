import type { Json } from "#kernel/json.js";
import type { SwitchTask } from "../../definition/model.js";
import { bare } from "../../expression/template.js";
import { type Asking, ExpressionFault, evaluate, isTrue } from "../dataflow.js";
import type { View } from "../scope.js";
import { done, type Next } from "./next.js";

/** `switch`: the output is the input; the first case that matches says where to go, else the default, else the task's own `then`. */
export function* startSwitch(view: View, task: SwitchTask): Asking<Next> {
  const cases = task.switch.flatMap((item) => Object.values(item));
  const conditional = cases.flatMap(({ when, then }) =>
    when === undefined ? [] : [{ when: bare(when), then }],
  );
  const answers = yield* until(
    view,
    conditional.map(({ when }) => when),
  );
  const chosen =
    conditional.find((_, index) => isTrue(answers[index])) ?? cases.find(({ when }) => when === undefined);
  return done(view.input, chosen?.then);
}

/** All conditions are asked at once. One that fails matters only when none before it is met. */
function* until(view: View, conditions: readonly string[]): Asking<readonly Json[]> {
  try {
    return yield* evaluate(view, conditions);
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFault)) throw thrown;
    const before = yield* until(view, conditions.slice(0, thrown.index));
    if (!before.some(isTrue)) throw thrown;
    return before;
  }
}
