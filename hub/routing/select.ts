import type { Dataset, Site } from "#hub/sites/model.js";
import type { SiteId } from "#kernel/ids.js";
import type { DatasetSelector } from "#proto/codec/work.js";

/** Which sites get a task, and why the others do not. */
export interface Selection {
  readonly chosen: readonly SiteId[];
  readonly rejected: readonly { readonly site: SiteId; readonly reason: string }[];
}

/** The sites that have the dataset, in the order of their ids. Whether they are there now is another question. */
export function selectSites(sites: readonly Site[], selector: DatasetSelector): Selection {
  const chosen: SiteId[] = [];
  const rejected: { site: SiteId; reason: string }[] = [];
  for (const site of sites.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const reason = rejection(site, selector);
    if (reason === undefined) chosen.push(site.id);
    else rejected.push({ site: site.id, reason });
  }
  return { chosen, rejected };
}

/** The site's datasets that a selector means. */
export function matchingDatasets(
  site: Pick<Site, "datasets">,
  selector: DatasetSelector,
): readonly Dataset[] {
  return site.datasets.filter(
    (dataset) =>
      (selector.name === undefined || dataset.name === selector.name) &&
      Object.entries(selector.labels ?? {}).every(([key, value]) => dataset.labels[key] === value),
  );
}

function rejection(site: Site, selector: DatasetSelector): string | undefined {
  if (site.revokedAtMs !== undefined) return "it is revoked";
  if (site.agentVersion === undefined) return "its agent has never connected";
  const datasets = matchingDatasets(site, selector);
  const matching = datasets.length;
  if (matching === 1) return datasets[0]?.trainRows === 0 ? "its dataset has no rows to train on" : undefined;
  const wanted = describeSelector(selector);
  if (matching > 1) return `${matching} of its datasets match ${wanted}; name one`;
  const has = site.datasets.map((dataset) => dataset.name);
  return `it has no dataset with ${wanted}${has.length > 0 ? ` (it has ${has.join(", ")})` : ""}`;
}

/** `name digits` or `dataset=digits`, for sentences. */
export function describeSelector(selector: DatasetSelector): string {
  const labels = Object.entries(selector.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...(selector.name === undefined ? [] : [`name ${selector.name}`]), ...labels].join(", ");
}
