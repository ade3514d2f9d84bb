import type { EventFilter, EventStrategy } from "../definition/parts.js";

/** The filters of a strategy itself. No filter at all means every event. */
function rulesOfStrategy(strategy: EventStrategy): readonly EventFilter[] {
  if ("one" in strategy) return [strategy.one];
  if ("all" in strategy) return strategy.all;
  return strategy.any.length === 0 ? [{ with: {} }] : strategy.any;
}

/** The strategy that ends a strategy, where there is one. */
export const untilOf = (strategy: EventStrategy): EventStrategy | undefined =>
  "any" in strategy && typeof strategy.until === "object" ? strategy.until : undefined;

/** All filters: those of the strategy itself, then those of its `until`. */
export function allRules(strategy: EventStrategy): readonly EventFilter[] {
  const until = untilOf(strategy);
  return [...rulesOfStrategy(strategy), ...(until === undefined ? [] : rulesOfStrategy(until))];
}

/** How many filters the strategy itself has. */
export const countOf = (strategy: EventStrategy): number => rulesOfStrategy(strategy).length;

/** Whether the events that have come are all that a strategy waits for. */
export function isMet(strategy: EventStrategy, places: readonly number[]): boolean {
  const count = countOf(strategy);
  const own = places.filter((place) => place >= 0 && place < count);
  return "all" in strategy ? own.length === count : own.length > 0;
}
