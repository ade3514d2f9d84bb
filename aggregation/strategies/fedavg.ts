import { strategyOptions } from "./options.js";
import { roomOf } from "./room.js";
import type { LinearStrategy } from "./strategy.js";

/** The mean of the sites' weights, each weighted by its rows: x <- sum(n_k y_k) / sum(n_k). */
export const fedavg: LinearStrategy<object> = {
  name: "fedavg",
  purpose: "Averages the sites' models, each weighted by its rows (McMahan et al. 2017, arXiv 1602.05629).",
  revision: 1,
  form: "linear",
  sums: "weights",
  mean: true,
  integers: true,
  options: strategyOptions({}),
  needs: { of: "sum" },
  summand: (_options, { samples }) => ({ scale: samples, extras: [] }),
  finish(_options, { group, sum, totals, out }) {
    const total = totals[0] ?? 0;
    const to = roomOf(out, group);
    for (let i = 0; i < sum.length; i++) to[i] = (sum[i] ?? 0) / total;
  },
};
