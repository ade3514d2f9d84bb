import { z } from "zod";
import type { Rule } from "#hub/assignments/stage.js";
import type { At } from "#hub/routing/at.js";
import { ComityError } from "#kernel/errors.js";
import { counted, printable } from "#kernel/words.js";
import type { DatasetSelector } from "#proto/codec/work.js";
import type { LevelsBody } from "#proto/work/levels.js";
import { layoutOf, type QueryBody, queryLimits, type Statistic } from "#proto/work/query.js";
import { columnSchema, filterSchema } from "#proto/work/rows.js";
import { dataKeys, patienceKeys, ruleOf } from "../plan.js";
import type { Told } from "./query-table.js";

const levelSchema = z.union([z.string().min(1).max(queryLimits.levelLength), z.number()]);

const statisticSchema = z
  .strictObject({
    column: columnSchema,
    what: z.enum(["count", "sum", "mean", "variance", "histogram"]),
    /** Of a histogram: where its bins begin and end. */
    edges: z.array(z.number()).min(2).max(queryLimits.edges).optional(),
    /** Or so many bins of one width between two numbers. */
    from: z.number().optional(),
    to: z.number().optional(),
    bins: z
      .int()
      .min(1)
      .max(queryLimits.edges - 1)
      .optional(),
  })
  .superRefine((statistic, context) => {
    const message = faultOf(statistic);
    if (message !== undefined) context.addIssue(message);
  });

/** The argument of `fed.query:1.0.0@default`. docs/reference/functions.md explains each key. */
export const querySchema = z.strictObject({
  ...dataKeys,
  rows: z.enum(["all", "train", "test"]).default("all"),
  /** CEL over `row`. */
  where: filterSchema.optional(),
  /** Columns whose values make the cells of the table; with `levels`, those values and no others. */
  groups: z
    .array(
      z.union([
        columnSchema,
        z.strictObject({
          column: columnSchema,
          levels: z.array(levelSchema).min(1).max(queryLimits.levels),
        }),
      ]),
    )
    .max(queryLimits.groups)
    .default([]),
  statistics: z.array(statisticSchema).max(queryLimits.statistics).default([]),
  ...patienceKeys,
});

export type QueryArgument = z.output<typeof querySchema>;

/** A query as the row of its call keeps it. */
export interface Query {
  readonly dataset: DatasetSelector;
  readonly rows: QueryBody["rows"];
  readonly where: string | null;
  /** `levels` null: the sites are asked. */
  readonly groups: readonly { readonly column: string; readonly levels: readonly string[] | null }[];
  readonly statistics: readonly Told[];
  readonly at: At;
  readonly rule: Rule;
}

/** What is asked, in the one form that the script knows. */
export function queryOf(given: QueryArgument): Query {
  const { dataset, rows, where = null, at, groups, statistics } = given;
  return {
    dataset,
    rows,
    where,
    groups: groups.map((group) =>
      typeof group === "string"
        ? { column: group, levels: null }
        : { column: group.column, levels: group.levels.map(String) },
    ),
    statistics: statistics.map((statistic) => {
      const { what, column } = statistic;
      return { what, column, edges: what === "histogram" ? edgesOf(statistic) : null };
    }),
    at,
    rule: ruleOf(given),
  };
}

/** Throws `ARGUMENT_INVALID` for what cannot be asked together, with what can. */
export function checkQuery({ groups, statistics }: Query): void {
  const twice = (names: readonly string[]) => names.find((name, at) => names.indexOf(name) < at);
  const column = twice(groups.map((group) => group.column));
  if (column !== undefined) throw refused(`The column ${shown(column)} makes groups twice.`);
  const statistic = twice(statistics.map(({ what, column: of }) => `${what} of ${shown(of)}`));
  if (statistic !== undefined && twice(statistics.map((one) => JSON.stringify(one))) !== undefined)
    throw refused(`The ${statistic} is asked for twice.`);
  const level = groups.flatMap(({ levels }) => twice(levels ?? []) ?? []);
  if (level[0] !== undefined) throw refused(`The level ${shown(level[0])} is named twice.`);
  // With a level each, where they are not known yet: what is too much then is too much in any case.
  const known = groups.map((group) => ({ column: group.column, levels: [...(group.levels ?? ["?"])] }));
  checkSize(known, statistics);
}

/** Throws `ARGUMENT_INVALID` for a table that is too large. */
export function checkSize(groups: QueryBody["groups"], statistics: readonly Told[]): void {
  const spreads = statistics
    .filter(({ what }) => what === "variance")
    .map(({ column }) => ({ what: "spread" as const, column, centres: [] }));
  for (const asked of [firstOf(statistics), spreads]) {
    const { cells, width } = layoutOf({ groups, statistics: asked });
    if (cells > queryLimits.cells)
      throw refused(
        `The groups make ${cells} cells, and ${queryLimits.cells} are allowed.`,
        "Take fewer groups, or name the `levels` that are meant.",
      );
    if (width > queryLimits.numbers)
      throw refused(
        `The answer of a site would have ${width} numbers, and ${queryLimits.numbers} are allowed: ${counted(cells, "cell")} of ${counted(asked.length, "statistic")}.`,
        "Take fewer groups, fewer statistics or wider bins, or ask in several calls.",
      );
  }
}

/** What all stages of a query have in common. */
export const rowsOf = ({ dataset, rows, where }: Query) => ({
  dataset,
  rows,
  ...(where !== null && { where }),
});

/** The stage that asks for levels; undefined where all are given. */
export function levelsOf(asked: Query): LevelsBody | undefined {
  const columns = asked.groups.filter(({ levels }) => levels === null).map(({ column }) => column);
  return columns.length === 0 ? undefined : { ...rowsOf(asked), columns };
}

/** What the sites are asked for first. */
export function firstOf(statistics: readonly Told[]): Statistic[] {
  const first = statistics.map(({ what, column, edges }): Statistic => {
    switch (what) {
      case "count":
        return { what, column };
      case "sum":
      case "mean":
      case "variance":
        return { what: "sum", column };
      case "histogram":
        return { what: "bins", column, edges: [...(edges ?? [])] };
    }
  });
  return [...new Map(first.map((one) => [JSON.stringify(one), one])).values()];
}

type GivenStatistic = z.output<typeof statisticSchema>;

/** Strictly upwards; the last one is exactly `to`. */
function edgesOf({ edges, from = 0, to = 0, bins = 1 }: GivenStatistic): readonly number[] {
  if (edges !== undefined) return edges;
  return Array.from({ length: bins + 1 }, (_, at) => (at === bins ? to : from + (to - from) * (at / bins)));
}

function faultOf(statistic: GivenStatistic): string | undefined {
  const { what, edges, from, to, bins } = statistic;
  const hasRange = from !== undefined || to !== undefined || bins !== undefined;
  if (what !== "histogram") {
    const isBare = edges === undefined && !hasRange;
    return isBare ? undefined : "`edges`, `from`, `to` and `bins` are for a histogram";
  }
  const isWhole = from !== undefined && to !== undefined && bins !== undefined;
  if (edges !== undefined ? hasRange : !isWhole)
    return "a histogram needs either `edges`, or `from`, `to` and `bins`";
  const all = edgesOf(statistic);
  const goesUp = all.every((edge, at) => Number.isFinite(edge) && (at === 0 || edge > (all[at - 1] ?? edge)));
  return goesUp ? undefined : "the edges of a histogram must go up";
}

const shown = (text: string): string => JSON.stringify(printable(text, 60));

const refused = (text: string, hint?: string): ComityError =>
  new ComityError("ARGUMENT_INVALID", text, hint === undefined ? {} : { hint });
