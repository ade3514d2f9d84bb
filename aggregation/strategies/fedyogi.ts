import type { z } from "zod";
import { adaptive, beta, learningRate, tau, v0 } from "./adaptive.js";
import { strategyOptions } from "./options.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({
  learningRate: learningRate(0.01),
  beta1: beta(0.9),
  beta2: beta(0.99),
  tau,
  v0,
});

/** v <- v - (1 - beta2) d^2 sign(v - d^2). */
export const fedyogi: LinearStrategy<z.infer<typeof options>> = {
  name: "fedyogi",
  purpose:
    "Averages the sites' steps like fedadam, with a second moment that shrinks slowly, Yogi's way (Reddi et al. 2021, arXiv 2003.00295).",
  options,
  ...adaptive<z.infer<typeof options>>(
    ({ beta2 }) =>
      (v, square) =>
        v - (1 - beta2) * square * Math.sign(v - square),
  ),
};
