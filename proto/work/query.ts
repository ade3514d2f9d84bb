import { z } from "zod";
import type { Kind } from "./kind.js";
import { columnSchema, columnsOf, rowKeys } from "./rows.js";

/** What a query may ask for at most. */
export const queryLimits = {
  groups: 3,
  /** Values of one column that make groups. */
  levels: 200,
  /** Characters of such a value; a longer one makes no group. */
  levelLength: 256,
  cells: 2000,
  statistics: 50,
  edges: 1001,
  /** Numbers of one answer. */
  numbers: 20_000,
} as const;

const levelSchema = z.string().min(1).max(queryLimits.levelLength);

const edgesSchema = z
  .array(z.number())
  .min(2)
  .max(queryLimits.edges)
  .refine((edges) => edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? edge)), "edges must go up");

const statisticSchema = z.discriminatedUnion("what", [
  /** How many rows have a value. */
  z.strictObject({ what: z.literal("count"), column: columnSchema }),
  z.strictObject({ what: z.literal("sum"), column: columnSchema }),
  /** The sums of `x - c` and of its square, where `c` is the cell's centre: one for each cell. */
  z.strictObject({ what: z.literal("spread"), column: columnSchema, centres: z.array(z.number()) }),
  /** Rows between edges: each bin has its lower edge, the last one both. */
  z.strictObject({ what: z.literal("bins"), column: columnSchema, edges: edgesSchema }),
]);

const bodySchema = z
  .strictObject({
    ...rowKeys,
    /** The values of these columns make the cells: each of the first with each of the second, and so on. */
    groups: z
      .array(z.strictObject({ column: columnSchema, levels: z.array(levelSchema).max(queryLimits.levels) }))
      .max(queryLimits.groups),
    statistics: z.array(statisticSchema).max(queryLimits.statistics),
  })
  .superRefine((body, context) => {
    const { cells, width } = layoutOf(body);
    const { groups, statistics } = body;
    const fault = (message: string) => context.addIssue(message);
    if (cells > queryLimits.cells) fault(`${cells} cells, and ${queryLimits.cells} are allowed`);
    if (width > queryLimits.numbers) fault(`${width} numbers, and ${queryLimits.numbers} are allowed`);
    if (new Set(groups.map(({ column }) => column)).size < groups.length) fault("a column makes groups once");
    if (groups.some(({ levels }) => new Set(levels).size < levels.length)) fault("a level is named once");
    if (statistics.some((one) => one.what === "spread" && one.centres.length !== cells))
      fault("a spread has a centre for each cell");
  });

export type QueryBody = z.output<typeof bodySchema>;
/** What one number of a statistic is made of. */
export type Statistic = z.output<typeof statisticSchema>;

/** Where one statistic lies within its cell: its rows with a value, whether it is suppressed, then its numbers. */
interface StatisticPlace {
  readonly valid: number;
  readonly suppressed: number;
  readonly numbers: number;
  /** How many numbers; of bins as many again follow that say whether each is suppressed. */
  readonly width: number;
}

/**
 * How an answer lies in one list of numbers, in which all can be added up: for each cell `[rows, suppressed, statistic…]`, and at the end
 * `[rows, suppressed]` of the rows that fit the filter and are in no cell. `suppressed` is 1 where a site keeps a part to itself: all numbers
 * of the part are 0 then.
 */
export interface QueryLayout {
  readonly cells: number;
  /** Numbers of one cell. */
  readonly stride: number;
  /** Of each statistic, from the beginning of a cell. */
  readonly statistics: readonly StatisticPlace[];
  /** Where the rows in no cell are. */
  readonly outside: number;
  readonly width: number;
}

/** Of a body, or of one in the making. */
export function layoutOf({ groups, statistics }: Pick<QueryBody, "groups" | "statistics">): QueryLayout {
  const cells = groups.reduce((product, { levels }) => product * levels.length, 1);
  const places: StatisticPlace[] = [];
  let stride = 2;
  for (const statistic of statistics) {
    const width = widthOf(statistic);
    places.push({ valid: stride, suppressed: stride + 1, numbers: stride + 2, width });
    stride += 2 + (statistic.what === "bins" ? 2 * width : width);
  }
  const outside = cells * stride;
  return { cells, stride, statistics: places, outside, width: outside + 2 };
}

function widthOf(statistic: Statistic): number {
  switch (statistic.what) {
    case "count":
      return 0;
    case "sum":
      return 1;
    case "spread":
      return 2;
    case "bins":
      // With what lies below and above the edges.
      return statistic.edges.length + 1;
  }
}

/** The places of an answer that are numbers of rows, and those that say whether something is suppressed. */
function* countsIn(body: QueryBody): Generator<{ readonly at: number; readonly isFlag: boolean }> {
  const { cells, stride, statistics, outside } = layoutOf(body);
  for (let cell = 0; cell <= cells; cell++) {
    const base = cell === cells ? outside : cell * stride;
    yield { at: base, isFlag: false };
    yield { at: base + 1, isFlag: true };
    if (cell === cells) return;
    for (const [index, { valid, suppressed, numbers, width }] of statistics.entries()) {
      yield { at: base + valid, isFlag: false };
      yield { at: base + suppressed, isFlag: true };
      if (body.statistics[index]?.what !== "bins") continue;
      for (let bin = 0; bin < width; bin++) {
        yield { at: base + numbers + bin, isFlag: false };
        yield { at: base + numbers + width + bin, isFlag: true };
      }
    }
  }
}

/** Counts and sums over rows: everything that a table of means, spreads, bins and groups is made of. */
export const query: Kind<QueryBody, never, readonly number[]> = {
  name: "query",
  purpose: "Counts and sums over rows that fit a filter; what too few rows stand behind is left out.",
  body: bodySchema,
  inputs: {},
  facts: ({ dataset, rows, where, groups, statistics }) => ({
    dataset,
    rows,
    passes: 1,
    columns: [...new Set([...groups, ...statistics].map(({ column }) => column).concat(columnsOf(where)))],
    ...(where !== undefined && { filter: where }),
  }),
  answer: {
    leaves: "aggregate",
    weight: "none",
    value(body) {
      const { width } = layoutOf(body);
      const schema = z.array(z.number()).length(width).readonly();
      const isRight = (value: readonly number[]): boolean => {
        for (const { at, isFlag } of countsIn(body)) {
          const number = value[at] ?? -1;
          if (!Number.isSafeInteger(number) || number < 0 || (isFlag && number > 1)) return false;
        }
        return true;
      };
      return {
        schema: schema.refine(isRight, "a number of rows is no number of rows"),
        // The longest number has 24 characters.
        maxBytes: 2 + 25 * width,
      };
    },
    *counts(body, value) {
      for (const { at, isFlag } of countsIn(body)) if (!isFlag) yield value[at] ?? 0;
    },
    kept: "folded",
  },
  brief: true,
  words: { doing: "count", working: "counts", done: () => "has counted" },
};
