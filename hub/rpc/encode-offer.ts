import { inputsOf, type Offer, workJson } from "#hub/assignments/offer.js";
import type { Offer as OfferMessage } from "#proto/generated/comity/v1/Offer.js";

/** An offer as it is sent. An input `base` stands in the field of the first release, too. */
export function encodeOffer({ assignment, stage, ...origin }: Offer, nowMs: number): OfferMessage {
  const { id, attempt, runId, round, kind, part, stateFrom, deadlineAtMs } = assignment;
  const inputs = inputsOf(stage, assignment);
  return {
    assignmentId: id,
    attempt,
    runId,
    runName: origin.runName,
    round,
    kind,
    workJson: workJson(stage),
    base: inputs["base"] ?? null,
    deadlineMs: Math.min(Math.max(deadlineAtMs - nowMs, 0), 2 ** 32 - 1),
    inputs: Object.entries(inputs).map(([name, blob]) => ({ name, blob })),
    stage: stage.stage,
    function: origin.function,
    purpose: origin.purpose,
    requester: origin.startedBy,
    asked: origin.asked,
    minSites: stage.rule.atLeast,
    release: stage.rule.release,
    stateKey: origin.stateKey ?? "",
    stateFrom: stateFrom ?? "",
    draw: origin.draw === round ? 0 : origin.draw,
    partJson: part.body === undefined ? "" : JSON.stringify(part.body),
  };
}
