import { ruleVariables } from "#hub/routing/facts.js";
import { checkCel } from "#kernel/cel.js";
import { isObject } from "#kernel/json.js";
import { type Spot } from "./survey.js";

/** Checks the rules of a placement: `at.where` and `at.score` in the argument of a function are CEL. */
export function checkCelText(argument: Spot): void {
  const at = isObject(argument.value) ? argument.value["at"] : undefined;
  if (!isObject(at)) return;
  for (const key of ["where", "score"]) {
    const text = at[key];
    if (typeof text !== "string" || text.includes("${")) continue;
    const fault = checkCel(text, ruleVariables);
    if (fault !== undefined)
      argument
        .child("at", at)
        .child(key, text)
        .error("cel-invalid", `This cannot be read as CEL: ${fault}${fault.endsWith("?") ? "" : "."}`);
  }
}
