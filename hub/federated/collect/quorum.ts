import { type Assignment, isOpen } from "#hub/assignments/model.js";
import type { Rule } from "#hub/assignments/stage.js";
import type { ErrorCode } from "#kernel/errors.js";

/** Sites that must be there before a stage opens. */
export function neededToBegin({ min, onShort }: Pick<Rule, "min" | "onShort">): number {
  switch (onShort) {
    case "tell":
      return 0;
    case "proceed":
      return 1;
    case "fail":
      return min ?? 1;
  }
}

/** Sites that must answer, of those that were asked; with `tell` fewer are told as short, and the script decides. */
export function neededToEnd(
  { min, fraction, onShort }: Pick<Rule, "min" | "fraction" | "onShort">,
  asked: number,
): number {
  if (onShort === "proceed") return 1;
  if (min === undefined && fraction === undefined) return asked;
  // 0.7 of 10 is 7, not the 8 that 7.000000000000001 would be rounded up to.
  return Math.max(min ?? 1, Math.ceil((fraction ?? 0) * asked - 1e-9));
}

/** What is to be done with an open stage. */
type Verdict =
  | { readonly is: "wait" }
  /** `short`: what there is is less than the rule asks for, and the script decides. */
  | { readonly is: "close"; readonly short: boolean }
  | { readonly is: "fail"; readonly code: ErrorCode; readonly text: string };

/**
 * Decides, from the assignments alone, whether a stage can be closed, must go on waiting, or cannot reach its quorum any more: the sites
 * that must answer, and those that must stand behind what is let out.
 */
export function judge(assignments: readonly Assignment[], rule: Rule): Verdict {
  const needed = neededToEnd(rule, assignments.length);
  const delivered = assignments.filter(({ state }) => state === "delivered");
  const open = assignments.filter(({ state }) => isOpen(state)).length;
  const behind = delivered.reduce((sum, one) => sum + one.behind, 0);
  const isShort = delivered.length + open < needed;
  const isTooFew = open === 0 && behind < rule.atLeast;
  if ((isShort || isTooFew) && rule.onShort !== "tell") {
    const left = `${delivered.length + open} of ${assignments.length} sites are left`;
    const text = isShort
      ? `${left} and ${needed} are needed.`
      : `the plan or the hub wants ${rule.atLeast} sites behind whatever is let out, and ${behind} have answered.`;
    const code = isShort ? "QUORUM_LOST" : "SITES_TOO_FEW";
    return { is: "fail", code, text: `${text} ${reasonsOf(assignments)}`.trim() };
  }
  return open > 0 ? { is: "wait" } : { is: "close", short: isShort || isTooFew };
}

const reasonsOf = (assignments: readonly Assignment[]): string =>
  assignments
    .filter(({ state }) => state !== "delivered" && !isOpen(state))
    .map(({ site, state, reason }) => `${site}: ${reason ?? state}`)
    .join(" ");
