import { listWords } from "#kernel/words.js";
import type { Work } from "#proto/codec/work.js";
import type { Policy } from "./rules.js";

/** What of an offer the rules look at. */
interface OfferFacts {
  readonly round: number;
  /** Bytes of the base model that the site would have to fetch and keep. */
  readonly baseBytes: number;
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

/** Decides by the site's rules alone. Pure: the same offer, work, rules and dataset give the same verdict. */
export function decide(offer: OfferFacts, work: Work, policy: Policy, dataset: DatasetFacts): Decision {
  if (policy.pause) return refuse("pause", "The site has paused its agent.");
  if (!policy.kinds.includes(work.kind)) {
    const allowed = policy.kinds.length === 0 ? "no work at all" : `only ${listWords(policy.kinds)}`;
    return refuse("kinds", `The site's policy allows ${allowed}, not ${work.kind}.`);
  }
  if (policy.datasets !== undefined && !policy.datasets.includes(dataset.name)) {
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
  if (work.kind === "train" && work.local.epochs > policy.maxEpochs) {
    return refuse(
      "maxEpochs",
      `The site's policy allows ${policy.maxEpochs} epochs in a round, not ${work.local.epochs}.`,
    );
  }
  const maxBytes = policy.maxModelMegabytes * 1e6;
  if (offer.baseBytes > maxBytes) {
    return refuse(
      "maxModelMegabytes",
      `The site's policy allows models of ${policy.maxModelMegabytes} MB; this one has ${offer.baseBytes} bytes.`,
    );
  }
  const rows = work.kind === "train" ? dataset.trainRows : dataset.testRows;
  if (rows < policy.minRows) {
    const share = work.kind === "train" ? "training" : "test";
    return refuse(
      "minRows",
      `The dataset ${JSON.stringify(dataset.name)} has fewer ${share} rows than the site's policy asks for (${policy.minRows}).`,
    );
  }
  return { allow: true, rule: "allowed" };
}

const refuse = (rule: string, reason: string): Decision => ({
  allow: false,
  code: "POLICY_REFUSED",
  rule,
  reason,
});
