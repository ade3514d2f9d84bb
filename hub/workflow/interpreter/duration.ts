import { durationMs } from "../definition/duration.js";
import type { Duration } from "../definition/parts.js";
import { isExpression } from "../expression/template.js";
import { type Asking, answer } from "./dataflow.js";
import { fault } from "./errors.js";
import type { View } from "./scope.js";

/** The milliseconds of a duration in a workflow, which may be an expression. Throws a Fault. */
export function* evaluateDuration(view: View, duration: Duration): Asking<number> {
  const given = typeof duration === "string" && isExpression(duration);
  const value = given ? yield* answer(view, duration) : duration;
  const ms = durationMs(value);
  if (ms === undefined)
    throw fault(
      given ? "expression" : "configuration",
      `${JSON.stringify(value).slice(0, 80)} is no duration`,
      "A duration is an object such as { minutes: 5 }, or an ISO 8601 text such as PT5M, without years and months.",
    );
  return ms;
}
