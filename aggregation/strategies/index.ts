import { fedavg } from "./fedavg.js";
import type { Strategy } from "./strategy.js";

/** All strategies, in the order in which people read of them. */
export const strategies: readonly Strategy[] = [fedavg];

/** A strategy by its name. */
export function findStrategy(name: string): Strategy | undefined {
  return strategies.find((strategy) => strategy.name === name);
}
