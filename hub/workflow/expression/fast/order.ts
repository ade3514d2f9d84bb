import { isList, isObject, type Json, type JsonObject } from "#kernel/json.js";
import { type Budget, notFast } from "./values.js";

/** jq's order of all values: null, false, true, numbers, strings, lists, objects. Negative, 0 or positive. */
export function compare(a: Json, b: Json, budget: Budget): number {
  budget.spend(1);
  if (a === b) return 0;
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b, budget);
  if (isList(a) && isList(b)) return compareLists(a, b, budget);
  if (isObject(a) && isObject(b)) return compareObjects(a, b, budget);
  return 0;
}

function rankOf(value: Json): number {
  if (value === null) return 0;
  if (value === false) return 1;
  if (value === true) return 2;
  if (typeof value === "number") return 3;
  if (typeof value === "string") return 4;
  return isList(value) ? 5 : 6;
}

/** By code points, as jq does; JavaScript's own order is by UTF-16 units, where pairs come before U+E000. */
function compareText(a: string, b: string, budget: Budget): number {
  if (!a.isWellFormed() || !b.isWellFormed()) throw notFast;
  const shorter = Math.min(a.length, b.length);
  budget.spend(shorter >> 3);
  for (let at = 0; at < shorter; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    const pairs = Number(isSurrogate(left)) - Number(isSurrogate(right));
    return pairs === 0 ? left - right : pairs;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

function compareLists(a: readonly Json[], b: readonly Json[], budget: Budget): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const order = compare(a[at] ?? null, b[at] ?? null, budget);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** First the sorted keys as lists, then the values in the order of the keys. */
function compareObjects(a: JsonObject, b: JsonObject, budget: Budget): number {
  const keys = sortedKeys(a, budget);
  const order = compareLists(keys, sortedKeys(b, budget), budget);
  if (order !== 0) return order;
  for (const key of keys) {
    const values = compare(a[key] ?? null, b[key] ?? null, budget);
    if (values !== 0) return values;
  }
  return 0;
}

function sortedKeys(value: JsonObject, budget: Budget): readonly string[] {
  const keys = Object.keys(value);
  budget.spend(keys.length);
  return keys.sort((left, right) => compareText(left, right, budget));
}
