import { Random } from "#aggregation/random/random.js";
import { type Split, splitRows } from "#aggregation/splits/split.js";
import type { Digits } from "./mnist.js";
import type { DemoOptions, SplitName } from "./options.js";

/** The digits of one site: places in the whole. */
export interface Share {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/** Dirichlet's parameter, and the label shards of each site: the usual ones of the literature (see aggregation/splits). */
const splits: Record<SplitName, Split> = {
  iid: { kind: "iid" },
  dirichlet: { kind: "dirichlet", alpha: 0.5 },
  shards: { kind: "shards", perSite: 2 },
};

/** Shares out the first `rows` training digits and all test digits, with the same mixture of labels in both. */
export function shareOut(
  train: Digits,
  test: Digits,
  options: Pick<DemoOptions, "rows" | "split" | "sites" | "seed">,
): Share[] {
  const part = (labels: Uint8Array): Uint32Array[] =>
    splitRows(labels, options.sites, splits[options.split], new Random(["demo", options.seed]));
  const testParts = part(test.labels);
  return part(train.labels.subarray(0, options.rows)).map((rows, site) => ({
    train: rows,
    test: testParts[site] ?? new Uint32Array(),
  }));
}

/** How many of a site's digits there are of each class, 0 to 9. */
export function classCounts(labels: Uint8Array, rows: Uint32Array): number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const row of rows) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1;
  return counts;
}
