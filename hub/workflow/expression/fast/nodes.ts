import type { Json } from "#kernel/json.js";
import { compare } from "./order.js";
import { textOf } from "./text.js";
import { arithmetic, type Budget, indexed, isTrue, notFast, sum } from "./values.js";

/** What an expression sees besides its input. */
export interface Scope {
  readonly variables: Readonly<Record<string, Json>>;
  readonly budget: Budget;
}

/** A simple expression: it has one output, or none (`undefined`). What jq would answer with an error is {@link notFast}. */
export type Node = (input: Json, scope: Scope) => Json | undefined;

export const identity: Node = (input) => input;

export const constant =
  (value: Json): Node =>
  () =>
    value;

export const variable =
  (name: string): Node =>
  (_, { variables }) =>
    variables[name] ?? null;

/** One value of another, such as `length`. */
export const applied =
  (function_: (value: Json, budget: Budget) => Json): Node =>
  (input, { budget }) =>
    function_(input, budget);

export const piped =
  (first: Node, second: Node): Node =>
  (input, scope) => {
    const value = first(input, scope);
    return value === undefined ? undefined : second(value, scope);
  };

/** `target[key]`. jq evaluates the key first. With `?` an error is no output. */
export const at =
  (target: Node, key: Node, optional: boolean): Node =>
  (input, scope) => {
    const where = key(input, scope);
    if (where === undefined) return undefined;
    const value = target(input, scope);
    if (value === undefined) return undefined;
    const found = indexed(value, where);
    if (found === undefined && !optional) throw notFast;
    return found;
  };

/** Two operands; jq evaluates the second one first. */
export const binary =
  (a: Node, b: Node, function_: (a: Json, b: Json, budget: Budget) => Json): Node =>
  (input, scope) => {
    const right = b(input, scope);
    if (right === undefined) return undefined;
    const left = a(input, scope);
    return left === undefined ? undefined : function_(left, right, scope.budget);
  };

/** The operators of {@link binary}. */
export const operators: Readonly<Record<string, (a: Json, b: Json, budget: Budget) => Json>> = {
  "+": sum,
  "-": (a, b) => arithmetic("-", a, b),
  "*": (a, b) => arithmetic("*", a, b),
  "/": (a, b) => arithmetic("/", a, b),
  "%": (a, b) => arithmetic("%", a, b),
  "==": (a, b, budget) => compare(a, b, budget) === 0,
  "!=": (a, b, budget) => compare(a, b, budget) !== 0,
  "<": (a, b, budget) => compare(a, b, budget) < 0,
  "<=": (a, b, budget) => compare(a, b, budget) <= 0,
  ">": (a, b, budget) => compare(a, b, budget) > 0,
  ">=": (a, b, budget) => compare(a, b, budget) >= 0,
};

/** `and` and `or`: the second operand is looked at only when the first one does not decide. */
export const logical =
  (a: Node, b: Node, decisive: boolean): Node =>
  (input, scope) => {
    const left = a(input, scope);
    if (left === undefined) return undefined;
    if (isTrue(left) === decisive) return decisive;
    const right = b(input, scope);
    return right === undefined ? undefined : isTrue(right);
  };

/** `a // b` */
export const alternative =
  (a: Node, b: Node): Node =>
  (input, scope) => {
    const value = a(input, scope);
    return value !== undefined && isTrue(value) ? value : b(input, scope);
  };

export const conditional =
  (condition: Node, then: Node, otherwise: Node): Node =>
  (input, scope) => {
    const value = condition(input, scope);
    if (value === undefined) return undefined;
    return (isTrue(value) ? then : otherwise)(input, scope);
  };

/** A string with `\( )` in it; jq evaluates the last part first. */
export const interpolated =
  (parts: readonly (string | Node)[]): Node =>
  (input, scope) => {
    let text = "";
    for (const part of parts.toReversed()) {
      const value = typeof part === "string" ? part : part(input, scope);
      if (value === undefined) return undefined;
      text = textOf(value, scope.budget) + text;
      scope.budget.spend(text.length >> 3);
    }
    return text;
  };

/** `[item, …]` */
export const list =
  (items: readonly Node[]): Node =>
  (input, scope) =>
    items.map((item) => item(input, scope)).filter((value) => value !== undefined);

/** `{key: value, …}` */
export const object =
  (members: readonly { readonly key: Node; readonly value: Node }[]): Node =>
  (input, scope) => {
    const entries: [string, Json][] = [];
    for (const member of members) {
      const key = member.key(input, scope);
      if (key === undefined) return undefined;
      const value = member.value(input, scope);
      if (value === undefined) return undefined;
      if (typeof key !== "string") throw notFast;
      entries.push([key, value]);
    }
    return Object.fromEntries(entries);
  };
