import type { Quorum } from "./plan.js";

/** Sites that must be there before a round begins. */
export const neededToBegin = ({ min, onShort }: Quorum): number => (onShort === "proceed" ? 1 : (min ?? 1));

/** Sites that must deliver, of those that a round has begun with. */
export function neededToEnd({ min, fraction, onShort }: Quorum, began: number): number {
  if (onShort === "proceed") return 1;
  if (min === undefined && fraction === undefined) return began;
  // 0.7 of 10 is 7, not the 8 that 7.000000000000001 would be rounded up to.
  return Math.max(min ?? 1, Math.ceil((fraction ?? 0) * began - 1e-9));
}
