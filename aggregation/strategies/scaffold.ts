import { z } from "zod";
import { AggregationError } from "../errors.js";
import { strategyOptions } from "./options.js";
import { roomOf } from "./room.js";
import { inFloat64 } from "./server-groups.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({
  /** The server's learning rate. */
  learningRate: z.number().positive().max(100).default(1),
});

/** What the sites send besides the model, and the server keeps: control variates. */
const control = "control";

/**
 * x <- x + learningRate mean(y_k - x); c <- c + K / N mean(c_k' - c_k), where the sites send c_k' - c_k as the group `control`. All sites count
 * the same, as in the paper: K in the fold, N in the population. Control variates start at zero.
 */
export const scaffold: LinearStrategy<z.infer<typeof options>> = {
  name: "scaffold",
  purpose:
    "Averages the sites' steps, which control variates at the sites and the server correct for differing data (Karimireddy et al. 2020, arXiv 1910.06378).",
  revision: 1,
  form: "linear",
  sums: "difference",
  options,
  needs: { of: "sum", groups: [control], siteState: true },
  local: () => ({ control: true }),
  server: (model) => ({ control: inFloat64(model) }),
  summand: () => ({ scale: 1, extras: [] }),
  finish({ learningRate }, { group, sum, totals, base, server, out, sites, population }) {
    if (!(population >= sites))
      throw new AggregationError(
        "ARGUMENT_INVALID",
        `scaffold folds ${sites} sites of a population of ${population}.`,
      );
    const total = totals[0] ?? 0;
    const before = group === control ? roomOf(server, control) : base;
    const factor = group === control ? sites / population : learningRate;
    const to = roomOf(out, group);
    for (let i = 0; i < sum.length; i++) to[i] = (before[i] ?? 0) + (factor * (sum[i] ?? 0)) / total;
  },
};
