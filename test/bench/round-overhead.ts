import { Federation } from "./federation.js";
import { type Figure, median, steps } from "./figure.js";

const rounds = 150;
/** The first rounds are slower: in nine processes on few cores the compiler of JavaScript is at work for some seconds. */
const warmUp = 50;

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
      const all = steps(ends);
      const [cold, took] = [all.slice(0, warmUp), all.slice(warmUp)];
      return {
        value: median(took),
        detail: `${took.length} rounds, ${Math.min(...took)} to ${Math.max(...took)} ms; the ${cold.length} before them ${median(cold)} ms`,
      };
    },
  };
}
