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
  hidden: z.unknown().optional(),
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
  const groups = Object.keys(cells[0]?.groups ?? {});
  const named = (name: string): string[] => groups.map((_, at) => (at === 0 ? name : ""));
  const lines: Line[] = [
    ...cells.map((cell) => ({ ...cell, names: groups.map((group) => cell.groups[group] ?? "") })),
    ...(outside === undefined || outside.count === 0
      ? []
      : [{ ...outside, names: named("(others)"), statistics: [] }]),
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
  const isWhole =
    lines.every(({ atLeast }) => atLeast === undefined) &&
    totals.statistics.every(({ hidden }) => hidden === undefined);
  const note = "≥ and ?: some sites keep to themselves what too few rows stand behind.";
  return [table, ...histograms, ...(isWhole ? [] : [colour.dim(note)])].join("\n\n");
}

/** `97`, `≥ 97` where some site has not told its own, `?` where none has. */
const countText = ({ count, atLeast }: Known): string =>
  count === null ? "?" : `${atLeast === undefined ? "" : "≥ "}${counted(count)}`;

function valueText(statistic: Statistic | undefined): string {
  if (statistic === undefined) return "";
  const { what, value } = statistic;
  return what === "count" ? countText(statistic) : metric(value ?? undefined);
}

/** The bins of a histogram over all cells. */
function renderHistogram({ column, edges = [], counts = [], below, above }: Statistic): string {
  const from = edges[0] ?? 0;
  const to = edges.at(-1) ?? 0;
  const bins: { readonly bin: string; readonly count: number | null }[] = [
    { bin: `below ${from}`, count: below ?? null },
    ...counts.map((count, at) => ({ bin: `${edges[at] ?? ""} to ${edges[at + 1] ?? ""}`, count })),
    { bin: `above ${to}`, count: above ?? null },
  ];
  return renderTable(
    [
      { title: column, value: ({ bin }) => bin },
      { title: "COUNT", value: countText, right: true },
    ],
    bins.filter(({ count }, at) => count !== 0 || (at > 0 && at < bins.length - 1)),
  );
}
