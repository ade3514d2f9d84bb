import type { Dataset, Site } from "#hub/sites/model.js";
import { compileFilter } from "#kernel/cel.js";
import type { SiteId } from "#kernel/ids.js";
import type { DatasetSelector } from "#proto/codec/work.js";
import type { Rows } from "#proto/work/kind.js";
import type { At } from "./at.js";
import { type Candidate, factsOf, ruleVariables } from "./facts.js";

/** A site that does not get a task, and why. */
export interface Rejection {
  readonly site: SiteId;
  readonly reason: string;
}

/** Which sites get a task, and why the others do not. */
export interface Selection {
  readonly chosen: readonly SiteId[];
  readonly rejected: readonly Rejection[];
}

/** What a stage asks of a site. */
export interface Wish {
  /** Undefined for work without data; work that reads no rows needs none, whatever it names. */
  readonly dataset: DatasetSelector | undefined;
  readonly at: At;
  /** Which share of the dataset the work reads. */
  readonly rows: Rows;
  /** What the site's agent must be able to do: the kind of work, and what its body needs besides. */
  readonly capabilities: readonly string[];
}

/** The sites that have the dataset and fit every rule, connected or not, in the order of their ids; and why the others do not. */
export function fittingSites(
  sites: readonly Site[],
  { dataset: selector, at, rows, capabilities }: Wish,
  isOnline: (site: SiteId) => boolean,
): { readonly fitting: readonly Candidate[]; readonly rejected: readonly Rejection[] } {
  const where = at.where === undefined ? undefined : compileFilter(at.where, ruleVariables);
  const fitting: Candidate[] = [];
  const rejected: Rejection[] = [];
  for (const site of sites.toSorted((a, b) => compareIds(a.id, b.id))) {
    const absent = unable(site, capabilities);
    const dataset = absent ?? (rows === "none" ? undefined : selector && datasetFor(site, selector, rows));
    if (typeof dataset === "string") {
      rejected.push({ site: site.id, reason: dataset });
      continue;
    }
    const candidate = { site, dataset, online: isOnline(site.id) };
    const reason = keptOut(site, at) ?? where?.(factsOf(candidate));
    if (reason === undefined) fitting.push(candidate);
    else rejected.push({ site: site.id, reason });
  }
  return { fitting, rejected };
}

/** The order of ids: the same on every machine. */
export const compareIds = (a: SiteId, b: SiteId): number => (a < b ? -1 : a > b ? 1 : 0);

/** The site's datasets that a selector means. */
export function matchingDatasets(
  site: Pick<Site, "datasets">,
  selector: DatasetSelector,
): readonly Dataset[] {
  return site.datasets.filter(
    (dataset) =>
      (selector.name === undefined || dataset.name === selector.name) &&
      missingLabels(dataset.labels, selector.labels).length === 0,
  );
}

/** Why a site's agent cannot do the work at all. */
function unable(site: Site, wanted: readonly string[]): string | undefined {
  if (site.revokedAtMs !== undefined) return "it is revoked";
  if (site.agentVersion === undefined) return "its agent has never connected";
  const missing = wanted.filter((capability) => !site.capabilities.includes(capability));
  if (missing.length === 0) return undefined;
  return `its agent, release ${site.agentVersion}, cannot do ${missing.join(", ")}; a newer one may`;
}

/** The one dataset that the work would read, or why there is none. */
function datasetFor(site: Site, selector: DatasetSelector, rows: Exclude<Rows, "none">): Dataset | string {
  const [dataset, ...others] = matchingDatasets(site, selector);
  const wanted = describeSelector(selector);
  if (others.length > 0) return `${others.length + 1} of its datasets match ${wanted}; name one`;
  if (dataset === undefined) {
    const has = site.datasets.map(({ name }) => name);
    return `it has no dataset with ${wanted}${has.length > 0 ? ` (it has ${has.join(", ")})` : ""}`;
  }
  if (countOf(dataset, rows) > 0) return dataset;
  return `its dataset has no rows${rows === "all" ? "" : ` to ${rows} on`}`;
}

/** Rows of a share, as the catalogue tells them. */
function countOf({ trainRows, testRows }: Dataset, rows: Exclude<Rows, "none">): number {
  switch (rows) {
    case "train":
      return trainRows;
    case "test":
      return testRows;
    case "all":
      return trainRows + testRows;
  }
}

/** Which of the rules without CEL keeps a site out. */
function keptOut(site: Site, at: At): string | undefined {
  if (at.site !== undefined && at.site !== site.id) return `only ${at.site} is asked`;
  const { labels, organisations } = at.select ?? {};
  if (organisations?.includes(site.organisation) === false)
    return `its organisation is not one of ${organisations.join(", ")}`;
  const missing = missingLabels(site.labels, labels);
  return missing.length === 0 ? undefined : `it has no label ${missing.join(", ")}`;
}

/** Those of the wanted labels that are not there, as `key=value`. */
function missingLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> = {},
): string[] {
  return Object.entries(wanted)
    .filter(([key, value]) => !Object.hasOwn(labels, key) || labels[key] !== value)
    .map(([key, value]) => `${key}=${value}`);
}

/** `name digits` or `dataset=digits`, for sentences. */
function describeSelector(selector: DatasetSelector): string {
  const labels = Object.entries(selector.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...(selector.name === undefined ? [] : [`name ${selector.name}`]), ...labels].join(", ");
}
