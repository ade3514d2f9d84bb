import { z } from "zod";
import { findStrategy, strategies } from "#aggregation/strategies/index.js";
import { parseOptions } from "#aggregation/strategies/options.js";
import { checkStrategy, type PlannedFold } from "#aggregation/strategies/planner.js";
import type { Strategy } from "#aggregation/strategies/strategy.js";
import { ComityError } from "#kernel/errors.js";
import { type Json, jsonForm } from "#kernel/json.js";

/** A strategy with all its options, as rows keep it. */
export interface StrategyChoice {
  readonly name: string;
  readonly options: Json;
}

const names = strategies.map(({ name }) => name);

/** Each strategy with its options beside its name. */
const forms = strategies.map(({ name, options }) =>
  z.strictObject({ name: z.literal(name), ...(options as z.ZodObject).shape }),
);

/** A strategy by its name, or with options beside the name. */
export const strategySchema = z.union([
  z.enum(names),
  z.discriminatedUnion("name", forms as [(typeof forms)[number], ...typeof forms]),
]);

/** What a strategy of a plan comes to: its defaults filled in. */
export function choiceOf(given: z.output<typeof strategySchema>): StrategyChoice {
  const { name, ...options } = typeof given === "string" ? { name: given } : given;
  const found = strategyOf({ name });
  return { name, options: jsonForm(parseOptions(found, options)) };
}

/** The strategy of a choice. */
export function strategyOf({ name }: Pick<StrategyChoice, "name">): Strategy {
  const found = findStrategy(name);
  if (found !== undefined) return found;
  throw new ComityError("PLAN_INVALID", `There is no strategy ${JSON.stringify(name)}.`, {
    hint: `There are ${names.join(", ")}.`,
  });
}

/** Throws `PLAN_INVALID`, with the alternative, when strategy, collecting and work do not go together. */
export function checkChoice(choice: StrategyChoice, planned: PlannedFold): void {
  const misfit = checkStrategy(strategyOf(choice), choice.options, planned);
  if (misfit === undefined) return;
  throw new ComityError("PLAN_INVALID", misfit.fault, { hint: misfit.alternative });
}
