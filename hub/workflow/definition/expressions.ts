import { secretNames } from "#hub/workflow/expression/secret-names.js";
import { bare, isExpression, unwrap } from "#hub/workflow/expression/template.js";
import { isObject, type Json } from "#kernel/json.js";
import { printable } from "#kernel/words.js";
import type { Check } from "./checks.js";
import { described, quoted, type Spot } from "./survey.js";

/** A program `${ … }`; `mixed` where `${` stands in the middle of a text (reading 7); else undefined: plain text. */
function programIn(text: string): { readonly program: string } | "mixed" | undefined {
  if (isExpression(text)) return { program: unwrap(text) };
  return text.includes("${") ? "mixed" : undefined;
}

/** An expression where the language also takes one without `${ }` (reading 9): `when`, `in`, `from`, `as`, `while`, `until`, `if`. */
export function expression(noun: string): Check {
  return (spot) => {
    const { value } = spot;
    if (typeof value !== "string") {
      spot.error("wrong-type", `${noun} must be an expression, and is ${described(value)}.`);
      return;
    }
    if (programIn(value) === "mixed") mixed(spot);
    else found(spot, bare(value));
  };
}

/** An expression with its `${ }`; nothing else. */
export function strictExpression(noun: string): Check {
  return (spot) => {
    const { value } = spot;
    const program = typeof value === "string" ? programIn(value) : undefined;
    if (program === "mixed") mixed(spot);
    else if (program !== undefined) found(spot, program.program);
    else
      spot.error(
        "expression-missing",
        `${noun} must be an expression, and is ${described(value)}.`,
        "Write ${ … } around it.",
      );
  };
}

/** An expression `${ … }`, or else what the check says. */
export function expressionOr(check: Check): Check {
  return (spot) => {
    const program = typeof spot.value === "string" ? programIn(spot.value) : undefined;
    if (program === "mixed") mixed(spot);
    else if (program !== undefined) found(spot, program.program);
    else check(spot);
  };
}

/** Data in which every text may be an expression. */
export const template: Check = (spot) => {
  const { value } = spot;
  if (typeof value === "string") expressionOr(() => undefined)(spot);
  else if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly Json[]).entries()) template(spot.child(index, item));
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) template(spot.child(key, item));
  }
};

/**
 * A value as it is, or one expression in place of the whole: within the value none would be evaluated. `key` is what the value
 * is written under.
 */
export function comparedValue(key: string): Check {
  const within = (path: string): Check => {
    const quote = path.includes('"') ? "'" : '"';
    const condition = `\${ ${path.startsWith(".") ? path : `.${path}`} == … }`;
    const nested: Check = (spot) =>
      spot.error(
        "expression-nested",
        `There is an expression within ${quoted(key)}, where it is a text to compare with and is not evaluated.`,
        `Make the whole one condition over it: ${printable(key, 60)}: ${quote}${condition}${quote}.`,
      );
    return (spot) => {
      const { value } = spot;
      if (typeof value === "string") (isExpression(value) ? nested : expressionOr(() => undefined))(spot);
      else if (Array.isArray(value)) {
        for (const [index, item] of (value as readonly Json[]).entries())
          within(`${path}[${index}]`)(spot.child(index, item));
      } else if (isObject(value)) {
        for (const [name, item] of Object.entries(value)) within(path + jqKey(name))(spot.child(name, item));
      }
    };
  };
  return (spot) => (typeof spot.value === "string" ? template : within(""))(spot);
}

/** How jq takes the value of a key. */
const jqKey = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${quoted(name)}]`);

/** Whether there is an expression anywhere in the value. */
export function hasExpression(value: Json): boolean {
  if (typeof value === "string") return isExpression(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((item) => hasExpression(item));
}

function mixed(spot: Spot): void {
  spot.error(
    "expression-in-text",
    `There is an expression in the middle of ${described(spot.value)}, where it would not be evaluated.`,
    'Make the whole text one expression: ${ "text \\(.value)" }.',
  );
}

function found(spot: Spot, program: string): void {
  const { survey, scope, pointer } = spot;
  for (const name of secretNames(program)) {
    if (!scope.secrets) {
      spot.error(
        "secret-misplaced",
        "$secrets can be used in input.from and in authentications only.",
        "A secret that goes anywhere else would be kept with the run.",
      );
      return;
    }
    if (name !== undefined && !survey.names.secrets.includes(name)) {
      const what = "There is no secret in use.secrets with the name";
      spot.unknownWord("undefined-secret", what, name, survey.names.secrets, "value");
      return;
    }
  }
  const variables = scope.secrets ? [...scope.variables, "secrets"] : scope.variables;
  survey.expressions.push({ program, variables, pointer });
}
