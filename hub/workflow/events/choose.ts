import type { EventStrategy } from "#hub/workflow/definition/parts.js";
import { countOf, isMet, untilOf } from "#hub/workflow/interpreter/strategy.js";

/** An event that waits, and the places of the filters that it fits; those of `until` stand behind the strategy's own. */
export interface Waiting {
  readonly position: number;
  readonly places: readonly number[];
}

/** What a run begins with: `input` is given to it, `used` counts no more. */
interface Choice<Event extends Waiting> {
  readonly input: readonly Event[];
  readonly used: readonly Event[];
}

/**
 * Which of the events that wait, in the order of their coming, are enough for a run; undefined when they are not. Where all filters need
 * their event, each gets the oldest; what is left waits for the next run. `isEnough` says whether an `until` in words holds.
 */
export function choose<Event extends Waiting>(
  strategy: EventStrategy,
  events: readonly Event[],
  isEnough: boolean,
): Choice<Event> | undefined {
  const own = countOf(strategy);
  if ("all" in strategy) {
    const first = strategy.all.map((_, place) => events.find(({ places }) => places.includes(place)));
    if (first.includes(undefined)) return undefined;
    const used = events.filter((event) => first.includes(event));
    return { input: used, used };
  }
  const until = untilOf(strategy);
  if (until !== undefined) {
    const ending = new Set(events.flatMap(({ places }) => places.filter((place) => place >= own)));
    const met = isMet(
      until,
      [...ending].map((place) => place - own),
    );
    const input = events.filter(({ places }) => places.every((place) => place < own));
    return met ? { input, used: events } : undefined;
  }
  const waits = "any" in strategy && strategy.until !== undefined;
  return events.length > 0 && (isEnough || !waits) ? { input: events, used: events } : undefined;
}
