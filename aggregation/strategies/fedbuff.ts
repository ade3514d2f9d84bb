import { z } from "zod";
import { strategyOptions } from "./options.js";
import { roomOf } from "./room.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({
  /** The server's learning rate. */
  learningRate: z.number().positive().max(100).default(1),
});

/** With B answers, each stale by t_k versions: x <- x + learningRate / B (sum of (y_k - x_k) / sqrt(1 + t_k)); rows do not count, as in the paper. */
export const fedbuff: LinearStrategy<z.infer<typeof options>> = {
  name: "fedbuff",
  purpose:
    "Adds up the steps of whichever sites answer first, those from older models with less weight, and waits for nobody (Nguyen et al. 2022, arXiv 2106.06639).",
  revision: 1,
  form: "linear",
  sums: "difference",
  options,
  needs: { of: "sum", stale: true },
  summand: (_options, { stale }) => ({ scale: 1 / Math.sqrt(1 + stale), extras: [1] }),
  finish({ learningRate }, { group, sum, totals, base, out }) {
    const [, answers = 0] = totals;
    const to = roomOf(out, group);
    for (let i = 0; i < sum.length; i++) to[i] = (base[i] ?? 0) + (learningRate * (sum[i] ?? 0)) / answers;
  },
};
