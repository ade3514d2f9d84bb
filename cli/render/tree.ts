import { compareNumbered } from "#kernel/words.js";

/** Whether a JSON Pointer is another one or leads to a place in it. */
export const isWithin = (ref: string, outer: string): boolean => ref === outer || ref.startsWith(`${outer}/`);

/** Tasks as they stand in their workflow, each with the number of those around it. A `catch` comes after what it catches. */
export function inTreeOrder<T extends { readonly ref: string }>(
  tasks: readonly T[],
): readonly { readonly item: T; readonly depth: number }[] {
  const sorted = tasks.toSorted((a, b) => compareRefs(a.ref, b.ref));
  return sorted.map((item) => ({
    item,
    depth: sorted.filter((one) => one !== item && isWithin(item.ref, one.ref)).length,
  }));
}

function compareRefs(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [one = "", other = ""] = [left[at], right[at]];
    if (one === other) continue;
    if (one === "catch" || other === "catch") return one === "catch" ? 1 : -1;
    return compareNumbered(one, other);
  }
  return left.length - right.length;
}
