import { isList, type Json } from "#kernel/json.js";
import { type Budget, notFast } from "./values.js";

/** `tostring`: a string is itself, all else its JSON as jq writes it. */
export const textOf = (value: Json, budget: Budget): string =>
  typeof value === "string" ? value : jsonOf(value, budget, 0);

const maxDepth = 100;

function jsonOf(value: Json, budget: Budget, depth: number): string {
  budget.spend(1);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return quoted(value, budget);
  if (depth === maxDepth) throw notFast;
  if (isList(value)) {
    budget.spend(value.length);
    return `[${value.map((item) => jsonOf(item, budget, depth + 1)).join(",")}]`;
  }
  const keys = Object.keys(value);
  budget.spend(keys.length);
  // JavaScript puts keys that look like indices first, jq keeps the order in which they were set.
  if (keys.length > 1 && keys.some((key) => /^\d/.test(key))) throw notFast;
  const members = keys.map(
    (key) => `${quoted(key, budget)}:${jsonOf(value[key] ?? null, budget, depth + 1)}`,
  );
  return `{${members.join(",")}}`;
}

/** Where jq writes the number as JavaScript does, whether it was read or computed: it has two ways, which differ for the large and the small. */
function numberText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) throw notFast;
  return String(value);
}

function quoted(value: string, budget: Budget): string {
  budget.spend(value.length >> 3);
  // jq writes DEL as an escape, JavaScript does not.
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
}
