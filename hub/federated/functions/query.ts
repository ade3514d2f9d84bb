import { ComityError } from "#kernel/errors.js";
import type { Json } from "#kernel/json.js";
import { counted } from "#kernel/words.js";
import { levels } from "#proto/work/levels.js";
import { type QueryBody, query } from "#proto/work/query.js";
import type { FederatedFunction } from "../function.js";
import { ask, type Collected, fold, type Play, type RoundReport, type Turn } from "../script.js";
import {
  checkQuery,
  checkSize,
  firstOf,
  levelsOf,
  type Query,
  type QueryArgument,
  queryOf,
  querySchema,
  rowsOf,
} from "./query-plan.js";
import { centresOf, type Summed, tableOf } from "./query-table.js";
import { sitesOf } from "./training.js";

/** Times that a query begins, when sites leave it or change their rows between its two passes. */
const maxTries = 3;

/** `fed.query`: counts, means, variances, histograms and tables over the rows of all sites. Only sums leave a site. */
export const fedQuery: FederatedFunction<QueryArgument, Query, null> = {
  name: "fed.query:1.0.0@default",
  purpose: "Counts rows at the sites, and tells sums, means, variances and histograms of all together.",
  argument: querySchema,
  check: (given) => checkQuery(queryOf(given)),
  prepare: queryOf,
  scripts: [
    {
      revision: 1,
      *begin() {
        return { state: null };
      },
      *round({ argument }, _state, { position }): Play<Turn<null, Json>> {
        const named = yield* nameLevels(argument);
        const body = bodyOf(argument, named);
        checkSize(body.groups, argument.statistics);
        const to = named === undefined ? { at: argument.at } : { sites: sitesOf(named) };
        const first = yield* ask({ name: "sums", work: query, body, inputs: {}, to, rule: argument.rule });
        const sums = yield* addUp("sums", body, first);
        const spread = yield* spreadOf(argument, sums, first);
        const table = tableOf(argument.statistics, sums, spread?.summed);
        const left = [...(named?.left ?? []), ...first.left, ...(spread?.answers.left ?? [])];
        const sites = sitesOf(first);
        const { asked } = named ?? first;
        const round = { sites, asked, left, samples: table.totals.count ?? 0, figures: {} };
        const change = spread && changeOf(first, spread.answers);
        if (change !== undefined) return anew(change, round, position);
        const told = left.map(({ site, kind, state, reason }) => ({ site, kind, state, reason }));
        return { output: () => ({ ...table, sites, left: told }), round };
      },
    },
  ],
  first(given) {
    const asked = queryOf(given);
    const body = levelsOf(asked);
    const common = { rule: asked.rule, to: { at: asked.at } };
    return body === undefined
      ? { work: query, body: bodyOf(asked, undefined), ...common }
      : { work: levels, body, ...common };
  },
};

/** A dense table needs its cells before its rows are counted: the same at all sites. */
function* nameLevels(asked: Query): Play<Collected<readonly (readonly string[])[]> | undefined> {
  const body = levelsOf(asked);
  if (body === undefined) return undefined;
  const { at, rule } = asked;
  return yield* ask({ name: "levels", work: levels, body, inputs: {}, to: { at }, rule, quiet: true });
}

/** The levels of the argument; where it has none, those that enough sites have named. */
function bodyOf(asked: Query, named: Collected<readonly (readonly string[])[]> | undefined): QueryBody {
  let next = 0;
  const groups = asked.groups.map(({ column, levels: given }) => {
    const found = given ?? commonLevels(named, next++);
    return { column, levels: [...found] };
  });
  return { ...rowsOf(asked), groups, statistics: firstOf(asked.statistics) };
}

/** What as many sites have named as must be behind whatever is told, in the order of code units. */
function commonLevels(
  named: Collected<readonly (readonly string[])[]> | undefined,
  column: number,
): readonly string[] {
  if (named === undefined) return [];
  const behind = new Map<string, number>();
  for (const answer of named.answers)
    for (const level of answer.value?.[column] ?? [])
      behind.set(level, (behind.get(level) ?? 0) + answer.behind);
  const enough = [...behind].filter(([, sites]) => sites >= named.atLeast);
  return enough.map(([level]) => level).toSorted();
}

/** The squares around the mean of all, at the sites that the mean is of: never the difference of two large numbers. */
function* spreadOf(
  asked: Query,
  sums: Summed,
  first: Collected,
): Play<{ readonly answers: Collected; readonly summed: Summed } | undefined> {
  const columns = asked.statistics.filter(({ what }) => what === "variance").map(({ column }) => column);
  if (columns.length === 0) return undefined;
  const statistics = columns.map((column) => ({
    what: "spread" as const,
    column,
    centres: centresOf(sums, column),
  }));
  const body = { ...rowsOf(asked), groups: sums.body.groups, statistics };
  const to = { sites: sitesOf(first) };
  const { rule } = asked;
  const answers = yield* ask({ name: "spreads", work: query, body, inputs: {}, to, rule, quiet: true });
  return { answers, summed: yield* addUp("spreads", body, answers) };
}

/** Adds up the answers in the order of their sites. */
function* addUp(name: string, body: Summed["body"], answers: Collected): Play<Summed> {
  const { value } = yield* fold({
    name,
    folder: "value.sum",
    options: null,
    over: [answers],
    tell: () => ({
      type: "round.aggregated",
      text: `The ${name} of ${counted(answers.answers.length, "site")} are added up.`,
      data: { sites: sitesOf(answers) },
    }),
  });
  const behind = answers.answers.reduce((sum, one) => sum + one.behind, 0);
  return { body, numbers: value as readonly number[], behind, atLeast: answers.atLeast };
}

/** Why two passes are not over the same rows: the difference between them would tell of one site alone. */
function changeOf(first: Collected, second: Collected): string | undefined {
  for (const { site, dataVersion } of first.answers) {
    const again = second.answers.find((answer) => answer.site === site);
    if (again === undefined) return `${site} has left between its two passes.`;
    if (again.dataVersion !== dataVersion) return `the rows of ${site} have changed between its two passes.`;
  }
  return undefined;
}

/** Begins the query anew, with the sites and the rows of now. Throws `QUORUM_LOST` at the last try. */
function anew(change: string, round: RoundReport, position: number): Turn<null, Json> {
  if (position < maxTries) return { next: null, round, void: change };
  throw new ComityError("QUORUM_LOST", `A query needs the same rows twice, and ${change}`, {
    hint: "Ask again when the sites rest, or leave out the variances.",
  });
}
