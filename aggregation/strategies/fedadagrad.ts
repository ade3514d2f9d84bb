import type { z } from "zod";
import { adaptive, beta, learningRate, tau, v0 } from "./adaptive.js";
import { strategyOptions } from "./options.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({ learningRate: learningRate(0.1), beta1: beta(0), tau, v0 });

/** v <- v + d^2. */
export const fedadagrad: LinearStrategy<z.infer<typeof options>> = {
  name: "fedadagrad",
  purpose:
    "Averages the sites' steps, and the server takes smaller ones where they have been large, Adagrad's way (Reddi et al. 2021, arXiv 2003.00295).",
  options,
  ...adaptive<z.infer<typeof options>>(() => (v, square) => v + square),
};
