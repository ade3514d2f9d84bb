import { z } from "zod";
import { roomOf } from "./room.js";
import { inFloat64 } from "./server-groups.js";
import type { FinishTile, LinearStrategy } from "./strategy.js";

// Adaptive federated optimization (Reddi et al. 2021, arXiv 2003.00295, algorithm 2). With d the mean difference, for each value:
// m <- beta1 m + (1 - beta1) d;  v <- as the strategy says;  x <- x + learningRate m / (sqrt(v) + tau). There is no bias correction, as in the paper.

/** The server's learning rate. */
export const learningRate = (standard: number) => z.number().positive().max(100).default(standard);
/** How much the first and the second moment keep of what they were. */
export const beta = (standard: number) => z.number().min(0).lt(1).default(standard);
/** How adaptive it is: the less, the more. Holds the steps small where nothing was seen yet. */
export const tau = z.number().positive().max(100).default(1e-3);
/** What the second moment begins with: tau squared, the least that the paper allows, or zero, as other implementations have it. */
export const v0 = z.enum(["tau2", "zero"]).default("tau2");

interface AdaptiveOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly tau: number;
  readonly v0: "tau2" | "zero";
}

/** All of such a strategy but for its name and options. `second` gives the second moment from what it was and the squared difference. */
export function adaptive<Options extends AdaptiveOptions>(
  second: (options: Options) => (v: number, square: number) => number,
): Pick<LinearStrategy<Options>, "revision" | "form" | "sums" | "needs" | "server" | "summand" | "finish"> {
  return {
    revision: 1,
    form: "linear",
    sums: "difference",
    needs: { of: "sum" },
    server: (model) => ({ m: inFloat64(model), v: inFloat64(model) }),
    summand: (_options, { samples }) => ({ scale: samples, extras: [] }),
    finish: (options, tile) => finish(options, tile, second(options)),
  };
}

function finish(
  { learningRate: rate, beta1, tau: least, v0: start }: AdaptiveOptions,
  { group, sum, totals, base, server, first, out }: FinishTile,
  second: (v: number, square: number) => number,
): void {
  const total = totals[0] ?? 0;
  const [m0, before] = [roomOf(server, "m"), roomOf(server, "v")];
  const [m1, v1, to] = [roomOf(out, "m"), roomOf(out, "v"), roomOf(out, group)];
  const begin = first && start === "tau2" ? least * least : 0;
  for (let i = 0; i < sum.length; i++) {
    const step = (sum[i] ?? 0) / total;
    const m = beta1 * (m0[i] ?? 0) + (1 - beta1) * step;
    const v = second((before[i] ?? 0) + begin, step * step);
    m1[i] = m;
    v1[i] = v;
    to[i] = (base[i] ?? 0) + (rate * m) / (Math.sqrt(v) + least);
  }
}
