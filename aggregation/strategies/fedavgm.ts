import { z } from "zod";
import { strategyOptions } from "./options.js";
import { roomOf } from "./room.js";
import { inFloat64 } from "./server-groups.js";
import type { LinearStrategy } from "./strategy.js";

const options = strategyOptions({
  /** The server's learning rate. */
  learningRate: z.number().positive().max(100).default(1),
  /** How much of its last step the server keeps. */
  beta: z.number().min(0).lt(1).default(0.9),
  /** Looks one step ahead along the momentum. */
  nesterov: z.boolean().default(false),
});

/** With d the mean difference: v <- beta v + d; x <- x + learningRate v, or with Nesterov's form x <- x + learningRate (d + beta v). */
export const fedavgm: LinearStrategy<z.infer<typeof options>> = {
  name: "fedavgm",
  purpose:
    "Averages the sites' steps, and the server keeps a momentum of them (Hsu, Qi and Brown 2019, arXiv 1909.06335).",
  revision: 1,
  form: "linear",
  sums: "difference",
  options,
  needs: { of: "sum" },
  server: (model) => ({ momentum: inFloat64(model) }),
  summand: (_options, { samples }) => ({ scale: samples, extras: [] }),
  finish({ learningRate, beta, nesterov }, { group, sum, totals, base, server, out }) {
    const total = totals[0] ?? 0;
    const before = roomOf(server, "momentum");
    const momentum = roomOf(out, "momentum");
    const to = roomOf(out, group);
    for (let i = 0; i < sum.length; i++) {
      const step = (sum[i] ?? 0) / total;
      const v = beta * (before[i] ?? 0) + step;
      momentum[i] = v;
      to[i] = (base[i] ?? 0) + learningRate * (nesterov ? step + beta * v : v);
    }
  },
};
