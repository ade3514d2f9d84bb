import type { Json } from "#kernel/json.js";
import { expressionLimits } from "./limits.js";

/** Why a value may not cross: too large, too deep, or text with half a surrogate pair, which jq cannot read. */
type Refusal = "large" | "deep" | "text";

/** Why a value may not go into jq or out as an answer; undefined when it may. Stops at the limit, however large the value is. */
export function refusalOf(value: Json, maxBytes: number = expressionLimits.maxBytes): Refusal | undefined {
  let bytes = 0;
  const walk = (item: Json, depth: number): Refusal | undefined => {
    if (typeof item === "string") return text(item);
    if (typeof item !== "object" || item === null) bytes += 8;
    else if (depth === expressionLimits.maxDepth) return "deep";
    else if (Array.isArray(item)) {
      bytes += 2 + item.length;
      for (const entry of item as readonly Json[]) {
        const refusal = walk(entry, depth + 1);
        if (refusal !== undefined) return refusal;
      }
    } else {
      bytes += 2;
      for (const [key, entry] of Object.entries(item as { readonly [key: string]: Json })) {
        bytes += 2;
        const refusal = text(key) ?? walk(entry, depth + 1);
        if (refusal !== undefined) return refusal;
      }
    }
    return bytes > maxBytes ? "large" : undefined;
  };
  const text = (item: string): Refusal | undefined => {
    if (item.length > maxBytes) return "large";
    if (!item.isWellFormed()) return "text";
    bytes += Buffer.byteLength(item) + 2;
    return bytes > maxBytes ? "large" : undefined;
  };
  return walk(value, 0);
}

/** A refusal in words, to follow the name of what was refused. */
export const refusalText: Readonly<Record<Refusal, string>> = {
  large: `is larger than ${expressionLimits.maxBytes >> 10} KiB`,
  deep: `is nested deeper than ${expressionLimits.maxDepth} levels`,
  text: "has text that is not well-formed Unicode",
};
