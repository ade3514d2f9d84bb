import { strategyOptions } from "./options.js";
import { roomOf } from "./room.js";
import type { LinearStrategy } from "./strategy.js";

/**
 * With p_k = n_k / sum(n) and a_k the steps of site k's optimizer, plain gradient descent:
 * x <- x + (sum of p_k a_k) (sum of p_k (y_k - x) / a_k).
 */
export const fednova: LinearStrategy<object> = {
  name: "fednova",
  purpose:
    "Averages the sites' steps after dividing each by its number of local steps, so that who trains longer does not pull further (Wang et al. 2020, arXiv 2007.07481).",
  revision: 1,
  form: "linear",
  sums: "difference",
  options: strategyOptions({}),
  needs: { of: "sum", figures: ["steps"] },
  local: () => ({ steps: true }),
  fault({ figures }) {
    const { steps = 0 } = figures;
    return steps >= 1 ? undefined : `its figure "steps" is ${steps}; it must be 1 at least`;
  },
  summand(_options, { samples, figures }) {
    const { steps = 1 } = figures;
    return { scale: samples / steps, extras: [samples, samples * steps] };
  },
  finish(_options, { group, sum, totals, base, out }) {
    const [, rows = 0, rowSteps = 0] = totals;
    const factor = rowSteps / rows / rows;
    const to = roomOf(out, group);
    for (let i = 0; i < sum.length; i++) to[i] = (base[i] ?? 0) + factor * (sum[i] ?? 0);
  },
};
