import { z } from "zod";
import { count as counted, metric } from "./format.js";
import { colour } from "./output.js";
import { renderTable } from "./table.js";

const knownSchema = z.looseObject({ count: z.number().nullable(), atLeast: z.literal(true).optional() });

const statisticSchema = knownSchema.extend({
  what: z.string(),
  column: z.string(),
  value: z.number().nullable().optional(),
  edges: z.array(z.number()).optional(),
  counts: z.array(z.number().nullable()).optional(),
  below: z.number().nullable().optional(),
  above: z.number().nullable().optional(),
  hidden: z.object({ counts: z.array(z.number()), below: z.number(), above: z.number() }).optional(),
});

const totalsSchema = knownSchema.extend({ statistics: z.array(statisticSchema) });

/** What a query tells, as `fed.query` gives it. */
const outputSchema = z.looseObject({
  totals: totalsSchema,
  cells: z.array(totalsSchema.extend({ groups: z.record(z.string(), z.string()) })).optional(),
  outside: knownSchema.optional(),
  sites: z.array(z.string()),
});

type Known = z.output<typeof knownSchema>;
type Statistic = z.output<typeof statisticSchema>;

/** One line of the table; `names`: the values of its groups. */
interface Line extends Known {
  readonly names: readonly string[];
  readonly statistics: readonly Statistic[];
}

/** The tables of a query's output; undefined for any other output. */
export function renderQuery(output: unknown): string | undefined {
  const parsed = outputSchema.safeParse(output);
  if (!parsed.success) return undefined;
  const { totals, cells = [], outside } = parsed.data;
  const hasOthers = outside !== undefined && outside.count !== 0;
  const groups = Object.keys(cells[0]?.groups ?? {});
  const named = (name: string): string[] => groups.map((_, at) => (at === 0 ? name : ""));
  const lines: Line[] = [
    ...cells.map((cell) => ({ ...cell, names: groups.map((group) => cell.groups[group] ?? "") })),
    ...(hasOthers ? [{ ...outside, names: named("(others)"), statistics: [] }] : []),
    { ...totals, names: named("(all)") },
  ];
  const numbers = totals.statistics.map((statistic, at) => ({ ...statistic, at }));
  const table = renderTable(
    [
      ...groups.map((title, at) => ({ title, value: ({ names }: Line) => names[at] ?? "" })),
      { title: "COUNT", value: countText, right: true },
      ...numbers
        .filter(({ what }) => what !== "histogram")
        .map(({ what, column, at }) => ({
          title: `${what.toUpperCase()} ${column}`,
          value: ({ statistics }: Line) => valueText(statistics[at]),
          right: true,
        })),
    ],
    lines,
  );
  const histograms = totals.statistics.filter(({ what }) => what === "histogram").map(renderHistogram);
  const statistics = lines.flatMap((line) => line.statistics);
  const isWhole =
    lines.every(({ atLeast }) => atLeast === undefined) &&
    totals.statistics.every(({ hidden }) => hidden === undefined);
  const isPartial = statistics.some(isOfSome);
  const note = [
    ...(hasOthers && numbers.length > 0
      ? ["(all) counts the (others) too; its further columns are of the rows in the groups above."]
      : []),
    ...(isWhole ? [] : ["≥ and ?: some sites keep to themselves what too few rows stand behind."]),
    ...(isPartial ? ["*: of the rows of those sites only that have told theirs."] : []),
  ].join("\n");
  return [table, ...histograms, ...(note === "" ? [] : [colour.dim(note)])].join("\n\n");
}

/** `97`, `≥ 97` where some site has not told its own, `?` where none has. */
const countText = ({ count, atLeast }: Known): string =>
  count === null ? "?" : `${atLeast === undefined ? "" : "≥ "}${counted(count)}`;

function valueText(statistic: Statistic | undefined): string {
  if (statistic === undefined) return "";
  const { what, value } = statistic;
  if (what === "count") return countText(statistic);
  return `${metric(value ?? undefined)}${isOfSome(statistic) ? "*" : ""}`;
}

/** A sum, a mean or a variance that lacks the rows of some site: it is neither the least nor the most that it can be. */
const isOfSome = ({ what, value, atLeast }: Statistic): boolean =>
  what !== "count" && what !== "histogram" && atLeast === true && typeof value === "number";

/** The bins of a histogram over all cells. */
function renderHistogram({ column, edges = [], counts = [], below, above, hidden }: Statistic): string {
  const from = edges[0] ?? 0;
  const to = edges.at(-1) ?? 0;
  const bin = (
    name: string,
    count: number | null | undefined,
    sites = 0,
  ): Known & { readonly bin: string } => ({
    bin: name,
    count: count ?? null,
    ...(sites > 0 && { atLeast: true }),
  });
  const bins = [
    bin(`below ${from}`, below, hidden?.below),
    ...counts.map((count, at) =>
      bin(`${edges[at] ?? ""} to ${edges[at + 1] ?? ""}`, count, hidden?.counts[at]),
    ),
    bin(`above ${to}`, above, hidden?.above),
  ];
  return renderTable(
    [
      { title: column, value: ({ bin: name }) => name },
      { title: "COUNT", value: countText, right: true },
    ],
    bins.filter(
      ({ count, atLeast }, at) => count !== 0 || atLeast === true || (at > 0 && at < bins.length - 1),
    ),
  );
}
