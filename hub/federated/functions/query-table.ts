import { Sums } from "#aggregation/statistics/sums.js";
import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import { layoutOf, type QueryBody, type Statistic } from "#proto/work/query.js";

/** What a query tells of one column, as its call names it. */
export interface Told {
  readonly what: "count" | "sum" | "mean" | "variance" | "histogram";
  readonly column: string;
  /** Of a histogram; null else. */
  readonly edges: readonly number[] | null;
}

/** The sums of all sites, and the body that asked for them. */
export interface Summed {
  readonly body: Pick<QueryBody, "groups" | "statistics">;
  readonly numbers: readonly number[];
  /** Sites behind them. */
  readonly behind: number;
  /** Sites that must be behind each of them that is told. */
  readonly atLeast: number;
}

/** A number of rows as people see it; null where no site has told it. */
type Known = {
  readonly count: number | null;
  /** Sites that keep theirs to themselves; the count is at least what is told. */
  readonly suppressed?: number;
  readonly atLeast?: true;
};

/** What comes of a query. */
type Table = {
  /** Only where there are groups. */
  readonly cells?: readonly (Known & {
    readonly groups: Readonly<Record<string, string>>;
    readonly statistics: readonly Json[];
  })[];
  /** Rows that fit the filter and are in no cell. */
  readonly outside?: Known;
  readonly totals: Known & { readonly statistics: readonly Json[] };
};

/** A number of rows, and how many sites keep theirs to themselves. */
interface Count {
  readonly count: number;
  readonly suppressed: number;
}

/** One statistic of one cell, over the sites that have told it. */
interface Part extends Count {
  readonly numbers: readonly number[];
  /** Of bins: how many sites keep each to themselves. */
  readonly hidden: readonly number[];
  /** Of a spread: what its numbers are around. */
  readonly centre: number;
}

/** Rows with a value, their mean, and the sum of the squares around it. */
interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

/** The values that make each cell, in the order of the cells. */
const cellsOf = ({ groups }: Pick<QueryBody, "groups">): Readonly<Record<string, string>>[] =>
  groups.reduce<Record<string, string>[]>(
    (cells, { column, levels }) =>
      cells.flatMap((cell) => levels.map((level) => ({ ...cell, [column]: level }))),
    [{}],
  );

/** The mean of each cell; 0 where nobody has told one. */
export const centresOf = (sums: Summed, column: string): number[] =>
  cellsOf(sums.body).map(
    (_, cell) => meanOf(partsOf(sums, { what: "mean", column, edges: null }, [cell])) ?? 0,
  );

/**
 * The table of a query: its cells, the rows in none of them, and all together. What sites keep to themselves is never told as 0: a count says
 * `atLeast` where some have told theirs, and is null where none has.
 */
export function tableOf(told: readonly Told[], sums: Summed, spreads: Summed | undefined): Table {
  const { cells, stride, outside } = layoutOf(sums.body);
  const countAt = (at: number): Count => toldBy(sums, sums.numbers[at], sums.numbers[at + 1]);
  const statistics = (within: readonly number[], rows: Count): Json[] =>
    told.map((one) => statisticOf(one, one.what === "variance" ? spreads : sums, within, rows));
  const rows = Array.from({ length: cells }, (_, cell) => countAt(cell * stride));
  const inCells = together(rows);
  const everywhere = rows.map((_, cell) => cell);
  if (sums.body.groups.length === 0)
    return { totals: { ...known(inCells), statistics: statistics(everywhere, inCells) } };
  const inNone = countAt(outside);
  const names = cellsOf(sums.body);
  return {
    cells: rows.map((one, cell) => ({
      groups: names[cell] ?? {},
      ...known(one),
      statistics: statistics([cell], one),
    })),
    outside: known(inNone),
    totals: { ...known(together([inCells, inNone])), statistics: statistics(everywhere, inCells) },
  };
}

/** One statistic over some cells, which have so many rows. */
function statisticOf(one: Told, summed: Summed | undefined, cells: readonly number[], rows: Count): Json {
  const { what, column, edges } = one;
  const parts = summed === undefined ? [] : partsOf(summed, one, cells);
  const valid = together(parts);
  const isWhole = valid.suppressed === 0 && rows.suppressed === 0;
  const common = { what, column, ...known(valid), ...(isWhole && { missing: rows.count - valid.count }) };
  switch (what) {
    case "count":
      return common;
    case "sum": {
      const isUnknown = valid.suppressed > 0 && valid.count === 0;
      return { ...common, value: isUnknown ? null : addUp(parts.map(({ numbers }) => numbers[0])) };
    }
    case "mean":
      return { ...common, value: meanOf(parts) };
    case "variance": {
      const { count, squares } = pool(parts.map(momentsOf));
      return { ...common, value: count < 2 ? null : squares / (count - 1) };
    }
    case "histogram":
      return { ...common, edges: edges ?? [], ...binsOf(parts, edges ?? []) };
  }
}

/** A statistic in some cells; none where the body has not asked for it. */
function partsOf(summed: Summed, told: Told, cells: readonly number[]): Part[] {
  const { body, numbers } = summed;
  const { stride, statistics } = layoutOf(body);
  const index = body.statistics.findIndex((statistic) => isSourceOf(statistic, told));
  const place = statistics[index];
  const statistic = body.statistics[index];
  if (place === undefined || statistic === undefined) return [];
  return cells.map((cell) => {
    const base = cell * stride;
    const from = base + place.numbers;
    const valid = toldBy(summed, numbers[base + place.valid], numbers[base + place.suppressed]);
    const own = numbers.slice(from, from + place.width);
    const isBins = statistic.what === "bins";
    const hidden = isBins ? numbers.slice(from + place.width, from + 2 * place.width) : [];
    return {
      ...valid,
      numbers: isBins
        ? own.map((rows, bin) => toldBy(summed, rows, hidden[bin]).count)
        : own.map((number) => (isTold(summed, valid) ? number : 0)),
      hidden,
      centre: statistic.what === "spread" ? (statistic.centres[cell] ?? 0) : 0,
    };
  });
}

/** A number of rows, unless too few sites are behind it: each that keeps its own to itself makes them one fewer. */
function toldBy(summed: Summed, count = 0, suppressed = 0): Count {
  return { count: isTold(summed, { suppressed }) ? count : 0, suppressed };
}

const isTold = ({ behind, atLeast }: Summed, { suppressed }: Pick<Count, "suppressed">): boolean =>
  suppressed === 0 || behind - suppressed >= atLeast;

/** What a statistic is made of at the sites. */
function isSourceOf(statistic: Statistic, { what, column, edges }: Told): boolean {
  if (statistic.column !== column) return false;
  switch (what) {
    case "count":
      return statistic.what === "count";
    case "sum":
    case "mean":
      return statistic.what === "sum";
    case "variance":
      return statistic.what === "spread";
    case "histogram":
      return statistic.what === "bins" && String(statistic.edges) === String(edges);
  }
}

/** Below the edges, between them, and above; null for a bin that no site has told. */
function binsOf(parts: readonly Part[], edges: readonly number[]) {
  const bins = Array.from({ length: edges.length + 1 }, (_, bin) =>
    together(
      parts.map(({ numbers, hidden }) => ({ count: numbers[bin] ?? 0, suppressed: hidden[bin] ?? 0 })),
    ),
  );
  const counts = bins.map((bin) => known(bin).count);
  const hidden = bins.map(({ suppressed }) => suppressed);
  return {
    counts: counts.slice(1, -1),
    below: counts.at(0) ?? null,
    above: counts.at(-1) ?? null,
    ...(hidden.some((sites) => sites > 0) && {
      hidden: { counts: hidden.slice(1, -1), below: hidden.at(0) ?? 0, above: hidden.at(-1) ?? 0 },
    }),
  };
}

const together = (counts: readonly Count[]): Count => ({
  count: addUp(counts.map(({ count }) => count)),
  suppressed: addUp(counts.map(({ suppressed }) => suppressed)),
});

function known({ count, suppressed }: Count): Known {
  if (suppressed === 0) return { count };
  return { count: count === 0 ? null : count, suppressed, atLeast: true };
}

function meanOf(parts: readonly Part[]): number | null {
  const { count } = together(parts);
  return count === 0 ? null : addUp(parts.map(({ numbers }) => numbers[0])) / count;
}

/** By the corrected two-pass algorithm (Chan, Golub, LeVeque 1983): the centre need not be the mean exactly. */
function momentsOf({ count, centre, numbers: [sum = 0, squares = 0] }: Part): Moments {
  if (count === 0) return { count, mean: 0, squares: 0 };
  return { count, mean: centre + sum / count, squares: Math.max(0, squares - (sum * sum) / count) };
}

/** Moments of several sets of rows as those of one. */
function pool(all: readonly Moments[]): Moments {
  const filled = all.filter(({ count }) => count > 0);
  const count = addUp(filled.map((one) => one.count));
  const centre = filled[0]?.mean ?? 0;
  const mean = centre + addUp(filled.map((one) => (one.count / count) * (one.mean - centre)));
  const squares = addUp(filled.flatMap((one) => [one.squares, one.count * (one.mean - mean) ** 2]));
  return { count, mean, squares };
}

/** Throws `FOLD_OVERFLOW`. */
function addUp(numbers: readonly (number | undefined)[]): number {
  const sums = new Sums(1);
  for (const number of numbers) sums.add(0, number ?? 0);
  const sum = sums.at(0);
  if (Number.isFinite(sum)) return sum;
  throw new ComityError("FOLD_OVERFLOW", "A sum over all cells is too large for float64.");
}
