import { z } from "zod";
import { strategyOptions } from "./options.js";
import type { AnswerFacts, EachStrategy } from "./strategy.js";

const options = strategyOptions({
  /** How many sites may be wrong. */
  f: z.int().min(0).max(10_000).default(0),
  /** How many sites are averaged: 1 is Krum, more is Multi-Krum. */
  take: z.int().min(1).max(10_000).default(1),
  /** Whether those that are taken count by their rows. A site that is wrong may be wrong about its rows too. */
  weighted: z.boolean().default(false),
});

type KrumOptions = z.infer<typeof options>;

/** Whom to take, in the order of the answers, and with what weight. */
interface Choice {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Each site's score is the sum of the squared distances to the K - f - 2 sites nearest to it; the sites with the lowest score are
 * averaged, of two equal ones the first. Distances are taken directly, in float64: no difference of large squares.
 */
export const krum: EachStrategy<KrumOptions, Choice> = {
  name: "krum",
  purpose:
    "Takes the site that is nearest to the others, or the mean of some such, and leaves the rest out (Blanchard et al. 2017, arXiv 1703.02757).",
  revision: 1,
  form: "each",
  integers: true,
  options,
  needs: { of: "each" },
  atLeast: ({ f, take }) => Math.max(2 * f + 3, f + 2 + take),
  measure: {
    width: pairs,
    tile(_options, { updates }, _before, into) {
      let pair = 0;
      for (let a = 0; a < updates.length; a++) {
        for (let b = a + 1; b < updates.length; b++, pair++)
          into[pair] = (into[pair] ?? 0) + squaredDistance(updates[a], updates[b]);
      }
    },
  },
  decide({ f, take, weighted }, facts, measured) {
    const scores = facts.map((_fact, place) => scoreOf(place, facts.length, f, measured));
    const order = [...scores.keys()].sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
    const places = order.slice(0, take).sort((a, b) => a - b);
    return { go: { places, weights: places.map((place) => weightOf(facts[place], weighted)) } };
  },
  tile(_options, { updates, out }, { places, weights }) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let i = 0; i < out.length; i++) {
      let sum = -0;
      for (let k = 0; k < places.length; k++) sum += (weights[k] ?? 0) * (updates[places[k] ?? 0]?.[i] ?? 0);
      out[i] = sum / total;
    }
  },
  chosen: ({ places }) => places,
};

/** How many pairs there are of so many sites. */
function pairs(sites: number): number {
  return (sites * (sites - 1)) / 2;
}

/** Where the distance of two sites stands: pairs lie in the order (0, 1), (0, 2) … (1, 2) … */
function pairAt(a: number, b: number, sites: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low * sites - pairs(low + 1) + high - low - 1;
}

function scoreOf(place: number, sites: number, f: number, measured: Float64Array): number {
  const distances = new Float64Array(sites - 1);
  for (let other = 0, at = 0; other < sites; other++)
    if (other !== place) distances[at++] = measured[pairAt(place, other, sites)] ?? 0;
  return distances
    .sort()
    .subarray(0, sites - f - 2)
    .reduce((sum, distance) => sum + distance, 0);
}

function squaredDistance(a: Float64Array | undefined, b: Float64Array | undefined): number {
  if (a === undefined || b === undefined) return 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

const weightOf = (fact: AnswerFacts | undefined, weighted: boolean): number =>
  weighted ? (fact?.samples ?? 0) : 1;
