import { fedadagrad } from "./fedadagrad.js";
import { fedadam } from "./fedadam.js";
import { fedavg } from "./fedavg.js";
import { fedavgm } from "./fedavgm.js";
import { fedbuff } from "./fedbuff.js";
import { fednova } from "./fednova.js";
import { fedprox } from "./fedprox.js";
import { fedyogi } from "./fedyogi.js";
import { krum } from "./krum.js";
import { median } from "./median.js";
import { scaffold } from "./scaffold.js";
import type { Strategy } from "./strategy.js";
import { trimmedMean } from "./trimmed-mean.js";

/** All strategies, in the order in which people read of them. */
export const strategies: readonly Strategy[] = [
  fedavg,
  fedavgm,
  fedprox,
  fedadagrad,
  fedadam,
  fedyogi,
  scaffold,
  fednova,
  median,
  trimmedMean,
  krum,
  fedbuff,
];

/** A strategy by its name. */
export function findStrategy(name: string): Strategy | undefined {
  return strategies.find((strategy) => strategy.name === name);
}
