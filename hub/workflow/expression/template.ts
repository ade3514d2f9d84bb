import { ComityError } from "#kernel/errors.js";
import { isList, type Json, textLimits } from "#kernel/json.js";
import { pointerPart } from "#kernel/json-pointer.js";

/** Whether a text of a definition is an expression as a whole. `${ }` in the middle of a text has no meaning. */
export function isExpression(text: string): boolean {
  const whole = text.trim();
  return whole.startsWith("${") && whole.endsWith("}");
}

/** What is between `${` and `}`. Throws `ARGUMENT_INVALID` when the text is no expression. */
export function unwrap(text: string): string {
  if (!isExpression(text))
    throw new ComityError("ARGUMENT_INVALID", `${JSON.stringify(text.slice(0, 80))} is no expression.`, {
      hint: "An expression is written ${ … }, from the first character to the last.",
    });
  return text.trim().slice(2, -1).trim();
}

/** The expression of `when`, `in`, `while`, `from` and `as`, which may stand there with `${ }` or without. */
export const bare = (text: string): string => (isExpression(text) ? unwrap(text) : text.trim());

/** An expression in a template, and where it is. */
interface Placed {
  /** JSON Pointer (RFC 6901) from the template's top. */
  readonly pointer: string;
  /** Without `${ }`. */
  readonly expression: string;
}

/** All expressions of a template, in the order in which {@link substitute} takes their answers. Throws `ARGUMENT_INVALID` when it is too deep. */
export function expressionsIn(template: Json): readonly Placed[] {
  const found: Placed[] = [];
  transform(template, "", 0, (text, pointer) => {
    found.push({ pointer, expression: unwrap(text) });
    return null;
  });
  return found;
}

/** The template with the answers in place of its expressions. The answers are data: what looks like an expression in them stays as it is. */
export function substitute(template: Json, answers: readonly Json[]): Json {
  let next = 0;
  const value = transform(template, "", 0, () => answers[next++] ?? null);
  if (next !== answers.length)
    throw new ComityError("INTERNAL", `A template with ${next} expressions got ${answers.length} answers.`);
  return value;
}

/** A copy in which each expression is replaced. */
function transform(
  value: Json,
  pointer: string,
  depth: number,
  replace: (text: string, pointer: string) => Json,
): Json {
  if (typeof value === "string") return isExpression(value) ? replace(value, pointer) : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth === textLimits.maxDepth)
    throw new ComityError("ARGUMENT_INVALID", `A template is nested deeper than ${depth} levels.`);
  if (isList(value))
    return value.map((item, index) => transform(item, `${pointer}/${index}`, depth + 1, replace));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      transform(item, `${pointer}/${pointerPart(key)}`, depth + 1, replace),
    ]),
  );
}
