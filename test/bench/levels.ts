import { z } from "zod";
import type { Groups } from "#aggregation/tensors/groups.js";
import { encodeTensors } from "#aggregation/tensors/safetensors.js";
import type { Rule } from "#hub/assignments/stage.js";
import type { FederatedFunction } from "#hub/federated/function.js";
import { ask, type Begun, fold, type Play, type Script, type Turn } from "#hub/federated/script.js";
import type { Json } from "#kernel/json.js";
import type { Kind } from "#proto/work/kind.js";

/*
 * A function in the manner of boosted trees: each round asks all sites level by level, and each level depends on the sum of the one before.
 * The sites count nothing: what is measured is what a stage costs.
 */

/** 4 KiB: a histogram of 1,024 counts. */
const bins = 1024;
const counts: Groups = { sum: [{ name: "counts", dtype: "I32", shape: [bins] }] };

const bodySchema = z.strictObject({
  level: z.int().min(1),
  /** What the levels before have come to. */
  before: z.int().min(0),
});
export type LevelBody = z.output<typeof bodySchema>;

/** The work of a level: 4 KiB of counts, in no time. */
export const level: Kind<LevelBody> = {
  name: "bench.level",
  purpose: "Counts nothing, in 1,024 bins.",
  body: bodySchema,
  inputs: {},
  facts: () => ({ dataset: undefined, rows: "none", passes: 0 }),
  answer: { leaves: "aggregate", weight: "none", tensors: () => counts, kept: "folded" },
  brief: true,
  words: { doing: "count", working: "counts", done: () => "has counted" },
};

/** The counts of a site, others at each site and level. */
function countsOf(site: string, { level: at, before }: LevelBody): Int32Array<ArrayBuffer> {
  const start = Number.parseInt(site.replace(/\D/g, ""), 10) + 31 * at + before;
  return Int32Array.from({ length: bins }, (_, bin) => (start + 7 * bin) % 97);
}

/** They, as a site sends them. */
export const countsFile = (site: string, body: LevelBody): Uint8Array =>
  encodeTensors([{ name: "counts", dtype: "I32", shape: [bins], values: countsOf(site, body) }]);

/** What the levels up to this one have come to. */
const after = (before: number, sums: readonly number[]): number =>
  sums.reduce((total, sum, bin) => (total + sum * (bin + 1)) % 1_000_003, before);

const argumentSchema = z.strictObject({
  rounds: z.int().min(1).max(10_000),
  /** Levels of a round. */
  depth: z.int().min(1).max(1000),
});
type LevelsArgument = z.output<typeof argumentSchema>;

const rule: Rule = {
  onShort: "fail",
  atLeast: 1,
  release: "together",
  waitMs: 0,
  deadlineMs: 60_000,
  graceMs: 30_000,
};

interface LevelsState {
  readonly total: number;
}

const script: Script<LevelsArgument, LevelsState> = {
  revision: 1,
  *begin(): Play<Begun<LevelsState>> {
    return { state: { total: 0 } };
  },
  *round({ argument: { rounds, depth } }, state, { position }): Play<Turn<LevelsState, Json>> {
    let { total } = state;
    let sites: RoundSites = { asked: 0, sites: [], left: [] };
    for (let at = 1; at <= depth; at++) {
      const answers = yield* ask({
        name: at === 1 ? "level" : `level.${at}`,
        work: level,
        body: { level: at, before: total },
        inputs: {},
        to: at === 1 ? { at: {} } : { sites: sites.sites },
        rule,
        quiet: true,
      });
      sites = {
        asked: answers.asked,
        sites: answers.answers.map(({ site }) => site),
        left: answers.left,
      };
      const summed = yield* fold({
        name: at === 1 ? "sum" : `sum.${at}`,
        folder: "sum",
        options: {},
        over: [answers],
        groups: counts,
      });
      total = after(total, summed.value as readonly number[]);
    }
    const round = { ...sites, samples: 0, figures: {} };
    return position < rounds ? { next: { total }, round } : { output: () => ({ total }), round };
  },
};

type RoundSites = Pick<Turn<LevelsState, Json>["round"], "sites" | "asked" | "left">;

/** What a call must come to at these sites. */
export function totalOf(sites: readonly string[], { rounds, depth }: LevelsArgument): number {
  let total = 0;
  for (let stage = 0; stage < rounds * depth; stage++) {
    const body = { level: (stage % depth) + 1, before: total };
    const counted = sites.map((site) => countsOf(site, body));
    const sums = Array.from({ length: bins }, (_, bin) =>
      counted.reduce((sum, one) => sum + (one[bin] ?? 0), 0),
    );
    total = after(total, sums);
  }
  return total;
}

/** `bench.levels`: so many rounds of so many levels. */
export const levels: FederatedFunction<LevelsArgument, LevelsArgument, LevelsState> = {
  name: "bench.levels:1.0.0@default",
  purpose: "Asks all sites for counts, level by level.",
  argument: argumentSchema,
  check: () => undefined,
  prepare: (given) => given,
  scripts: [script],
  first: () => ({ work: level, body: { level: 1, before: 0 }, rule, to: { at: {} } }),
  rounds: ({ rounds }) => rounds,
};
