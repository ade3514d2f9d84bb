import { listWords, printable } from "#kernel/words.js";
import type { Kind, Rows } from "#proto/work/kind.js";
import type { Policy } from "./rules.js";

/** What of an offer the rules look at. */
interface OfferFacts {
  readonly round: number;
  /** What the site would have to fetch and keep. */
  /** One of {@link releases}; empty where a hub of before does not tell it. */
  readonly release: string;
  /** Sites behind whatever is let out; 0 where it is not told. */
  readonly minSites: number;
  readonly inputs: readonly { readonly blob: { readonly sizeBytes: number } }[];
}

/** The work that is asked for. No rule reads its body: what a rule may know of it, its kind tells. */
interface WorkAsked {
  readonly step: { readonly kind: Kind };
  readonly body: unknown;
}

/** What of a dataset the rules look at: its real row counts, which the hub never sees. */
export interface DatasetFacts {
  readonly name: string;
  readonly trainRows: number;
  readonly testRows: number;
}

/** A rule's verdict. `rule` is the key in agent.yaml that decided; `reason` goes to the hub, so it holds no number of rows. */
type Decision =
  | { readonly allow: true; readonly rule: "allowed" }
  | {
      readonly allow: false;
      readonly code: "POLICY_REFUSED";
      readonly rule: string;
      readonly reason: string;
    };

/**
 * Decides by the site's rules alone; `dataset` is the one that the work reads, if it reads any. Pure: the same offer, work, rules and
 * dataset give the same verdict.
 */
export function decide(
  offer: OfferFacts,
  { step: { kind }, body }: WorkAsked,
  policy: Policy,
  dataset: DatasetFacts | undefined,
): Decision {
  const { rows, passes } = kind.facts(body);
  const { leaves } = kind.answer;
  if (policy.pause) return refuse("pause", "The site has paused its agent.");
  if (!policy.kinds.includes(kind.name)) {
    const allowed = policy.kinds.length === 0 ? "no work at all" : `only ${listWords(policy.kinds)}`;
    return refuse("kinds", `The site's policy allows ${allowed}, not ${kind.name}.`);
  }
  if (!policy.leaves.includes(leaves)) {
    const allowed = policy.leaves.length === 0 ? "nothing at all" : `only ${listWords(policy.leaves)}`;
    return refuse("leaves", `The site's policy lets ${allowed} leave, not ${leaves}.`);
  }
  if (leaves !== "nothing") {
    const refusal = decideRelease(offer, policy);
    if (refusal !== undefined) return refusal;
  }
  if (dataset !== undefined && policy.datasets?.includes(dataset.name) === false) {
    return refuse(
      "datasets",
      `The site's policy does not release the dataset ${JSON.stringify(dataset.name)}.`,
    );
  }
  if (offer.round > policy.maxRounds) {
    return refuse(
      "maxRounds",
      `The site's policy allows ${policy.maxRounds} rounds; this is round ${offer.round}.`,
    );
  }
  // One look at the test rows is no epoch: a site that allows none still lets models be evaluated.
  if (rows !== "test" && passes > policy.maxEpochs) {
    return refuse(
      "maxEpochs",
      `The site's policy allows ${policy.maxEpochs} epochs in a round, not ${passes}.`,
    );
  }
  const bytes = offer.inputs.reduce((sum, { blob }) => sum + blob.sizeBytes, 0);
  if (bytes > policy.maxModelMegabytes * 1e6) {
    return refuse(
      "maxModelMegabytes",
      `The site's policy allows models of ${policy.maxModelMegabytes} MB; this one has ${bytes} bytes.`,
    );
  }
  if (dataset !== undefined && rowsIn(dataset, rows) < policy.minRows) {
    return refuse(
      "minRows",
      `The dataset ${JSON.stringify(dataset.name)} has fewer ${rowsNoun[rows]} than the site's policy asks for (${policy.minRows}).`,
    );
  }
  return { allow: true, rule: "allowed" };
}

/** Who may see the answer, and how many must be behind what is seen. */
function decideRelease(offer: OfferFacts, policy: Policy): Decision | undefined {
  // A hub of before shows the figures of each site.
  const release = offer.release === "" ? "each" : offer.release;
  if (!policy.releases.some((allowed) => allowed === release)) {
    const allowed =
      policy.releases.length === 0
        ? "no release of answers"
        : `only the release ${listWords(policy.releases)}`;
    return refuse("releases", `The site's policy allows ${allowed}, not ${printable(release, 40)}.`);
  }
  // An answer that is shown singly has one site behind it, whatever else is asked for.
  const behind = release === "together" ? offer.minSites : 1;
  if (policy.minSites > 1 && behind < policy.minSites) {
    const told =
      release === "together" && behind === 0
        ? "the hub does not tell how many there are"
        : `here there may be ${behind}`;
    return refuse(
      "minSites",
      `The site's policy asks for ${policy.minSites} sites behind whatever is let out; ${told}.`,
    );
  }
  return undefined;
}

const rowsNoun: Record<Rows, string> = {
  train: "training rows",
  test: "test rows",
  all: "rows",
  none: "rows",
};

function rowsIn({ trainRows, testRows }: DatasetFacts, rows: Rows): number {
  switch (rows) {
    case "train":
      return trainRows;
    case "test":
      return testRows;
    case "all":
      return trainRows + testRows;
    case "none":
      return Number.POSITIVE_INFINITY;
  }
}

const refuse = (rule: string, reason: string): Decision => ({
  allow: false,
  code: "POLICY_REFUSED",
  rule,
  reason,
});
