import type { Dataset, Site } from "#hub/sites/model.js";

/** A site with the dataset that a task is for, and whether it is there now. */
export interface Candidate {
  readonly site: Site;
  readonly dataset: Dataset;
  readonly online: boolean;
}

/** What a rule in CEL may ask of `site`. Its labels are fields too, where no field of the site's own has their name. */
export function factsOf({ site, dataset, online }: Candidate): object {
  const { id, organisation, labels, capabilities, agentVersion } = site;
  const { name, trainRows, testRows, connector } = dataset;
  return {
    ...labels,
    id,
    organisation,
    online,
    agentVersion,
    capabilities,
    labels,
    dataset: { name, trainRows, testRows, connector, labels: dataset.labels },
  };
}
