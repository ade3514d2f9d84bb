import type { Dataset, Site } from "#hub/sites/model.js";

/** A site with the dataset that the work is for, if it is for one, and whether the site is there now. */
export interface Candidate {
  readonly site: Site;
  readonly dataset: Dataset | undefined;
  readonly online: boolean;
}

/** What a rule in CEL over sites may name: see {@link factsOf}. */
export const ruleVariables: readonly string[] = ["site"];

/** The values of {@link ruleVariables}: what a rule may ask of a site. Its labels are fields too, where no field of the site's own has their name. */
export function factsOf({ site, dataset, online }: Candidate): { readonly site: object } {
  const { id, organisation, labels, capabilities, agentVersion } = site;
  return {
    site: {
      ...labels,
      id,
      organisation,
      online,
      agentVersion,
      capabilities,
      labels,
      ...(dataset && { dataset: datasetFacts(dataset) }),
    },
  };
}

const datasetFacts = ({ name, trainRows, testRows, connector, labels }: Dataset): object => ({
  name,
  trainRows,
  testRows,
  connector,
  labels,
});
