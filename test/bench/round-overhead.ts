import { type Figure, median, steps } from "./figure.js";
import { Federation } from "./federation.js";

const rounds = 40;
/** The first rounds are slower: the compiler of JavaScript is still at work. */
const warmUp = 10;

/** What a round costs besides the training: from one round's end to the next one's, so that what lies between rounds counts too. */
export function roundOverhead(sites: number, comparison: string): Figure {
  return {
    id: `round-overhead-${sites}`,
    what: `overhead of a round, ${sites} agents as processes (tiny model, no training)`,
    unit: "ms",
    reach: 50,
    sense: "at most",
    comparison,
    async measure(bench) {
      const federation = await Federation.start(bench, sites, { step: "copy" });
      const model = { name: "mlp" as const, input: [8], hidden: [4], classes: 2 };
      const ends = await federation.rounds({ model, rounds }, () => undefined);
      await federation.stop();
      const took = steps(ends).slice(warmUp);
      return {
        value: median(took),
        detail: `${took.length} rounds, ${Math.min(...took)} to ${Math.max(...took)} ms`,
      };
    },
  };
}
