import { z } from "zod";
import { findStrategy, strategies } from "#aggregation/strategies/index.js";
import { checkStrategy, type PlannedFold } from "#aggregation/strategies/planner.js";
import type { Strategy } from "#aggregation/strategies/strategy.js";
import { ComityError } from "#kernel/errors.js";
import { type Json, jsonForm } from "#kernel/json.js";

/** A strategy with all its options, as rows keep it. */
export interface StrategyChoice {
  readonly name: string;
  readonly options: Json;
}

const forms = strategies.map(({ name, options }) =>
  (options as z.ZodObject).extend({ name: z.literal(name) }),
) as unknown as [
  z.ZodObject<{ name: z.ZodLiteral<string> }>,
  ...z.ZodObject<{ name: z.ZodLiteral<string> }>[],
];

/** A strategy by its name, or with options beside the name. */
export const strategySchema = z.preprocess(
  (given) => (typeof given === "string" ? { name: given } : given),
  z.discriminatedUnion("name", forms),
);

/** What a strategy of a plan comes to: its defaults filled in. */
export function choiceOf({ name, ...options }: z.output<typeof strategySchema>): StrategyChoice {
  return { name, options: jsonForm(options) };
}

/** The strategy of a choice. */
export function strategyOf({ name }: StrategyChoice): Strategy {
  const found = findStrategy(name);
  if (found !== undefined) return found;
  throw new ComityError("PLAN_INVALID", `There is no strategy ${JSON.stringify(name)}.`, {
    hint: `There are ${strategies.map((one) => one.name).join(", ")}.`,
  });
}

/** Throws `PLAN_INVALID`, with the alternative, when strategy, collecting and work do not go together. */
export function checkChoice(choice: StrategyChoice, planned: PlannedFold): void {
  const misfit = checkStrategy(strategyOf(choice), choice.options, planned);
  if (misfit === undefined) return;
  throw new ComityError("PLAN_INVALID", misfit.fault, { hint: misfit.alternative });
}
