import { isDeepStrictEqual } from "node:util";
import type { Clock } from "#kernel/clock.js";
import type { Json } from "#kernel/json.js";
import { ExpressionError, type Expressions } from "./expression/model.js";
import { fitsPattern, isPattern } from "./expression/pattern.js";
import { bare, isExpression } from "./expression/template.js";
import type { CloudEvent, EventFilter } from "./interpreter/model.js";

/**
 * Says which events filters mean. An expression for an attribute is asked over that attribute's value, `data: ${ .celsius > 38 }` over
 * the data; a text is the value, or a pattern for the whole of it; what correlations take is taken out of the whole event. An expression
 * that fails means no event.
 */
export class Matcher {
  readonly #expressions: Expressions;
  readonly #clock: Clock;

  constructor(expressions: Expressions, clock: Clock) {
    this.#expressions = expressions;
    this.#clock = clock;
  }

  /** The places of the filters that the event fits. */
  async fitting(event: CloudEvent, filters: readonly EventFilter[]): Promise<number[]> {
    const fits = await Promise.all(filters.map((filter) => this.#fits(event, filter)));
    return fits.flatMap((fit, place) => (fit ? [place] : []));
  }

  /** What expressions give for an event or a part of it; undefined when one of them fails. */
  async ask(
    input: Json,
    expressions: readonly string[],
    variables: EventFilter["variables"] = {},
  ): Promise<readonly Json[] | undefined> {
    if (expressions.length === 0) return [];
    const nowMs = this.#clock.nowMs();
    try {
      return await this.#expressions.evaluate({ input, variables, expressions, nowMs });
    } catch (error) {
      if (error instanceof ExpressionError) return undefined;
      throw error;
    }
  }

  async #fits(event: CloudEvent, filter: EventFilter): Promise<boolean> {
    for (const [name, wanted] of Object.entries(filter.with)) {
      const condition = typeof wanted === "string" && isExpression(wanted) ? bare(wanted) : undefined;
      if (condition === undefined && !isOrFits(event[name], wanted)) return false;
      if (condition === undefined) continue;
      const [met] = (await this.ask(event[name] ?? null, [condition], filter.variables)) ?? [];
      if (met !== true) return false;
    }
    // Without an expectation, the first event will set it: that is for the run to say.
    const set = Object.values(filter.correlate ?? {}).filter(({ expect }) => expect !== undefined);
    const taken = await this.ask(
      event as Json,
      set.map(({ from }) => bare(from)),
      filter.variables,
    );
    return taken?.every((value, place) => isDeepStrictEqual(value, set[place]?.expect)) === true;
  }
}

const isOrFits = (value: Json | undefined, wanted: Json): boolean =>
  isDeepStrictEqual(value, wanted) ||
  (typeof wanted === "string" && typeof value === "string" && fitsPattern(wanted, value));

/** The one type of event that a filter takes; empty when it may take more. */
export function typeOf({ with: { type } }: Pick<EventFilter, "with">): string {
  return typeof type !== "string" || isExpression(type) || isPattern(type) ? "" : type;
}
