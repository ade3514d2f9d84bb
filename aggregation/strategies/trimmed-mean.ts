import { z } from "zod";
import { strategyOptions } from "./options.js";
import { eachSorted } from "./sorting.js";
import type { EachStrategy } from "./strategy.js";

const standardBeta = 0.2;

const options = strategyOptions({
  /** The share of the sites, rounded down, that is left out at either end; 0.2 where neither is given. */
  beta: z.number().min(0).lt(0.5).optional(),
  /** How many are left out at either end, where that is to be a number. */
  trim: z.int().min(0).max(10_000).optional(),
}).refine(({ beta, trim }) => beta === undefined || trim === undefined, {
  message: "give `beta` or `trim`, not both",
});

type TrimOptions = z.infer<typeof options>;

const trimOf = ({ beta = standardBeta, trim }: TrimOptions, sites: number): number =>
  trim ?? Math.floor(beta * sites);

/** For each value the mean of the sites' without the k smallest and the k largest, added up from the smallest on. */
export const trimmedMean: EachStrategy<TrimOptions, null> = {
  name: "trimmed-mean",
  purpose:
    "Averages the sites for each value without the smallest and the largest of them (Yin et al. 2018, arXiv 1803.01498).",
  revision: 1,
  form: "each",
  integers: true,
  options,
  needs: { of: "each" },
  atLeast: (given) => 2 * (given.trim ?? 0) + 1,
  decide: () => ({ go: null }),
  tile(given, { updates, out }) {
    const trim = trimOf(given, updates.length);
    const kept = updates.length - 2 * trim;
    eachSorted(updates, out.length, (column, place) => {
      let sum = -0;
      for (let k = trim; k < trim + kept; k++) sum += column[k] ?? 0;
      out[place] = sum / kept;
    });
  },
};
