import assert from "node:assert/strict";
import { describeLayers, normaliseLayers } from "#aggregation/topology/describe.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import type { PlanInput } from "#hub/federated/functions/train.js";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { ComityError } from "#kernel/errors.js";
import type { Offer__Output } from "#proto/generated/comity/v1/Offer.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { UploadHeader } from "#proto/generated/comity/v1/UploadHeader.js";
import type { UploadRequest } from "#proto/generated/comity/v1/UploadRequest.js";
import { joinSite, type TestHub } from "./hub.js";
import { type Answer, answerTo, chunks, type TestSession, type TestSite } from "./site.js";

/** The tensors of the model that {@link startTraining} trains. */
export const { tensors } = describeLayers(
  normaliseLayers(namedModel({ name: "mlp", input: [3], classes: 2, hidden: [4] })),
);

const plan: PlanInput = {
  name: "digits",
  dataset: { labels: { dataset: "digits" } },
  model: { name: "mlp", input: [3], classes: 2, hidden: [4] },
  rounds: 1,
  quorum: { min: 1 },
  evaluation: "none",
  grace: "30s",
};

/** Starts a run of one round of a tiny model. */
export function startTraining(
  hub: TestHub,
  changes: Partial<PlanInput> = {},
  name = "",
): Promise<Run__Output> {
  const workflow = trainingWorkflow("digits", { ...plan, ...changes });
  return hub.admin.startRun({ workflowSource: JSON.stringify(workflow), name });
}

/** A site with a session. */
export interface Player {
  readonly site: TestSite;
  readonly session: TestSession;
}

/** Sites with sessions; resolves when the hub knows their datasets. */
export async function players<const Names extends readonly string[]>(
  hub: TestHub,
  ...names: Names
): Promise<{ [Key in keyof Names]: Player }> {
  const joined = await Promise.all(
    names.map(async (name) => {
      const site = await joinSite(hub, name);
      return { site, session: await site.connect() };
    }),
  );
  const known = async () =>
    (await hub.admin.listSites()).sites.filter(({ datasets }) => datasets.length > 0).length;
  while ((await known()) < names.length);
  // One player for each name.
  return joined as { [Key in keyof Names]: Player };
}

/** The run when it has ended. */
export async function ended(hub: TestHub, runId: string): Promise<Run__Output> {
  const events = hub.admin.watchRun(runId);
  while ((await events.next()).done !== true);
  return hub.admin.getRun(runId);
}

/** How a call was refused; fails when it was not. */
export async function refusal(call: Promise<unknown>): Promise<ComityError> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert(outcome instanceof ComityError, `it was not refused: ${String(outcome)}`);
  return outcome;
}

/** A right answer. */
export const good = (offer: Offer__Output): Answer => answerTo(offer, tensors);

export const withHeader = ({ header, bytes }: Answer, changes: UploadHeader): Answer => ({
  bytes,
  header: { ...header, ...changes },
});

/** The same answer, sent from an offset on. */
export const resumed = (answer: Answer, offset: number): Answer => withHeader(answer, { offset });

/** The header with an offset, and the bytes up to `end`. */
export function* partly(answer: Answer, offset: number, end: number): Generator<UploadRequest> {
  yield { body: "header", header: { ...answer.header, offset } };
  yield* chunks(answer.bytes.subarray(offset, end), 16);
}
