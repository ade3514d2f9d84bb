import { isList, isObject, type Json } from "#kernel/json.js";

/** What jq would do here is left to jq: an error, a limit, or a corner where it and JavaScript differ. */
class NotFast extends Error {}

/** One for all, because an error with a stack is dear. */
export const notFast = new NotFast("This is for jq.");

/** How much work an ask may do in process before it goes to jq, where it disturbs nobody: values visited or copied. */
export class Budget {
  #left = 10_000;

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw notFast;
  }
}

/** Everything but null and false. */
export const isTrue = (value: Json): boolean => value !== null && value !== false;

/** `value[key]`; `undefined` where jq gives an error. */
export function indexed(value: Json, key: Json): Json | undefined {
  if (typeof key === "string") {
    if (value === null) return null;
    if (!isObject(value)) return undefined;
    return Object.hasOwn(value, key) ? (value[key] ?? null) : null;
  }
  if (typeof key === "number") {
    if (value === null) return null;
    if (!isList(value)) return undefined;
    if (!Number.isSafeInteger(key)) throw notFast;
    return value[key < 0 ? key + value.length : key] ?? null;
  }
  throw notFast;
}

/** `a + b` */
export function sum(a: Json, b: Json, budget: Budget): Json {
  if (a === null) return b;
  if (b === null) return a;
  if (typeof a === "number" && typeof b === "number") return number(a + b);
  if (typeof a === "string" && typeof b === "string") {
    budget.spend((a.length + b.length) >> 3);
    return a + b;
  }
  if (isList(a) && isList(b)) {
    budget.spend(a.length + b.length);
    return [...a, ...b];
  }
  if (isObject(a) && isObject(b)) {
    budget.spend(Object.keys(a).length + Object.keys(b).length);
    return { ...a, ...b };
  }
  throw notFast;
}

/** `a - b`, `a * b`, `a / b`, `a % b` of numbers. */
export function arithmetic(operator: "-" | "*" | "/" | "%", a: Json, b: Json): Json {
  if (typeof a !== "number" || typeof b !== "number") throw notFast;
  switch (operator) {
    case "-":
      return number(a - b);
    case "*":
      return number(a * b);
    case "/":
      return number(b === 0 ? Number.NaN : a / b);
    case "%": {
      const [dividend, divisor] = [Math.trunc(a), Math.trunc(b)];
      if (!Number.isSafeInteger(dividend) || !Number.isSafeInteger(divisor)) throw notFast;
      return number(dividend % divisor);
    }
  }
}

/** A result that jq and JSON know: no infinity, no NaN, no negative zero. */
export function number(value: number): number {
  if (!Number.isFinite(value) || Object.is(value, -0)) throw notFast;
  return value;
}

/** `length` */
export function lengthOf(value: Json, budget: Budget): number {
  if (value === null) return 0;
  if (typeof value === "number") return Math.abs(value);
  if (isList(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  if (typeof value !== "string" || !value.isWellFormed()) throw notFast;
  budget.spend(value.length >> 3);
  let points = 0;
  for (let at = 0; at < value.length; at++) if (!isLowSurrogate(value.charCodeAt(at))) points++;
  return points;
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
