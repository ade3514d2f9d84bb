import { z } from "zod";
import { fedavg } from "./fedavg.js";
import { strategyOptions } from "./options.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({
  /** The weight of the term that holds a site near the model it was given: mu / 2 times the squared distance to it. */
  mu: z.number().min(0).max(1000).default(0.01),
});

/** {@link fedavg} at the server; the sites' loss has the term mu / 2 ||w - x||^2 besides. */
export const fedprox: LinearStrategy<z.infer<typeof options>> = {
  ...fedavg,
  name: "fedprox",
  purpose:
    "Averages the sites' models like fedavg, while a proximal term holds each site near the model it began with (Li et al. 2020, arXiv 1812.06127).",
  options,
  local: ({ mu }) => (mu === 0 ? {} : { prox: mu }),
};
