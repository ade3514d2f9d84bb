import { AggregationError } from "../errors.js";
import type { Random } from "../random/random.js";

/** How rows are shared out. */
export type Split =
  /** Every site's rows look like the whole. */
  | { readonly kind: "iid" }
  /** The sites differ in their labels: the smaller `alpha`, the more. */
  | { readonly kind: "dirichlet"; readonly alpha: number }
  /** Each site gets `perSite` pieces of the rows sorted by label, and so few labels. */
  | { readonly kind: "shards"; readonly perSite: number };

/**
 * Shares rows out over sites: for each site the places of its rows, in random order. Every row goes to exactly one site, and no site stays empty.
 *
 * - `dirichlet`: for each label, the sites' shares are drawn from Dir(alpha) (Yurochkin et al. 2019, arXiv 1905.12022; alpha as in Hsu et al. 2019, arXiv 1909.06335).
 * - `shards`: rows sorted by label, cut into sites x perSite pieces, dealt at random (McMahan et al. 2017, arXiv 1602.05629, with two a site).
 *
 * The shares and the deal depend on the seed of `random` alone, not on the rows: training and test rows that are split with the same seed
 * get the same mixture of labels at each site. Throws `ARGUMENT_INVALID`.
 */
export function splitRows(
  labels: ArrayLike<number>,
  sites: number,
  how: Split,
  random: Random,
): Uint32Array<ArrayBuffer>[] {
  if (!Number.isSafeInteger(sites) || sites < 1) {
    throw new AggregationError(
      "ARGUMENT_INVALID",
      `The rows are to be split over ${sites} sites: it must be a whole number above 0.`,
    );
  }
  if (labels.length < sites) {
    throw new AggregationError(
      "ARGUMENT_INVALID",
      `${labels.length} rows are too few for ${sites} sites: each needs one.`,
    );
  }
  const parts = divide(labels, sites, how, random);
  fillEmpty(parts);
  return parts.map((rows, site) => random.fork(`order ${site}`).shuffle(Uint32Array.from(rows)));
}

function divide(labels: ArrayLike<number>, sites: number, how: Split, random: Random): number[][] {
  switch (how.kind) {
    case "iid":
      return cut(random.fork("rows").shuffle(Array.from(labels, (_, row) => row)), equalShares(sites));
    case "dirichlet": {
      const parts = Array.from({ length: sites }, (): number[] => []);
      for (const [label, rows] of rowsByLabel(labels)) {
        const shares = random.fork(`label ${label}`).dirichlet(how.alpha, sites);
        random.fork(`rows ${label}`).shuffle(rows);
        for (const [site, piece] of cut(rows, shares).entries())
          for (const row of piece) parts[site]?.push(row);
      }
      return parts;
    }
    case "shards": {
      if (!Number.isSafeInteger(how.perSite) || how.perSite < 1 || sites * how.perSite > labels.length) {
        throw new AggregationError(
          "ARGUMENT_INVALID",
          `${how.perSite} shards for each of ${sites} sites cannot be cut from ${labels.length} rows.`,
        );
      }
      const sorted = rowsByLabel(labels).flatMap(([label, rows]) =>
        random.fork(`rows ${label}`).shuffle(rows),
      );
      const shards = random.fork("shards").shuffle(cut(sorted, equalShares(sites * how.perSite)));
      return Array.from({ length: sites }, (_, site) =>
        shards.slice(site * how.perSite, (site + 1) * how.perSite).flat(),
      );
    }
  }
}

/** Each label with the places of its rows, labels in ascending order. */
function rowsByLabel(labels: ArrayLike<number>): [number, number[]][] {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] ?? Number.NaN;
    const rows = groups.get(label);
    if (rows === undefined) groups.set(label, [row]);
    else rows.push(row);
  }
  return [...groups].sort(([a], [b]) => a - b);
}

function equalShares(parts: number): number[] {
  return Array.from({ length: parts }, () => 1 / parts);
}

/** Cuts a list into pieces by shares that sum to 1; sizes are rounded so that nothing is lost. */
function cut(rows: readonly number[], shares: readonly number[]): number[][] {
  let share = 0;
  let start = 0;
  return shares.map((part, place) => {
    share += part;
    const end =
      place === shares.length - 1
        ? rows.length
        : Math.max(start, Math.min(rows.length, Math.round(share * rows.length)));
    const piece = rows.slice(start, end);
    start = end;
    return piece;
  });
}

/** Gives each empty part one row of the largest. */
function fillEmpty(parts: number[][]): void {
  for (const part of parts) {
    if (part.length > 0) continue;
    const row = parts.reduce((largest, other) => (other.length > largest.length ? other : largest)).pop();
    if (row !== undefined) part.push(row);
  }
}
