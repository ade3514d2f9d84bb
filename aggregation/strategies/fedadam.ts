import type { z } from "zod";
import { adaptive, beta, learningRate, tau, v0 } from "./adaptive.js";
import { strategyOptions } from "./options.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({
  learningRate: learningRate(0.1),
  beta1: beta(0.9),
  beta2: beta(0.99),
  tau,
  v0,
});

/** v <- beta2 v + (1 - beta2) d^2. */
export const fedadam: LinearStrategy<z.infer<typeof options>> = {
  name: "fedadam",
  purpose:
    "Averages the sites' steps, and the server takes its own with moments of them, Adam's way (Reddi et al. 2021, arXiv 2003.00295).",
  options,
  ...adaptive<z.infer<typeof options>>(
    ({ beta2 }) =>
      (v, square) =>
        beta2 * v + (1 - beta2) * square,
  ),
};
