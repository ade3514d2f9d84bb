import type { Assignment } from "#hub/assignments/model.js";
import type { Model } from "#hub/models/service.js";
import type { Result, RunView } from "#hub/results/service.js";
import type { Run, RunEvent } from "#hub/runs/model.js";
import type { SiteView } from "#hub/sites/service.js";
import type { ModelVersion } from "#hub/store/models.js";
import type { DryRunStep } from "#hub/workflow/dry-run.js";
import { sentenceOf } from "#hub/workflow/engine/failures.js";
import { taskVerbs } from "#hub/workflow/engine/tasks.js";
import { sayOne, type Waiting, type Why } from "#hub/workflow/engine/why.js";
import type { BlobRef } from "#kernel/refs.js";
import { listWords } from "#kernel/words.js";
import type { Assignment as AssignmentMessage } from "#proto/generated/comity/v1/Assignment.js";
import type { Blob as BlobMessage } from "#proto/generated/comity/v1/Blob.js";
import type { DryRunReply as DryRunReplyMessage } from "#proto/generated/comity/v1/DryRunReply.js";
import type { ExplainRunReply as ExplainRunReplyMessage } from "#proto/generated/comity/v1/ExplainRunReply.js";
import type { Model as ModelMessage } from "#proto/generated/comity/v1/Model.js";
import type { ModelVersion as ModelVersionMessage } from "#proto/generated/comity/v1/ModelVersion.js";
import type { Reason as ReasonMessage } from "#proto/generated/comity/v1/Reason.js";
import type { Result as ResultMessage } from "#proto/generated/comity/v1/Result.js";
import type { Run as RunMessage } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent as RunEventMessage } from "#proto/generated/comity/v1/RunEvent.js";
import type { Site as SiteMessage } from "#proto/generated/comity/v1/Site.js";

const encodeBlob = (blob: BlobRef | undefined): BlobMessage | null => blob ?? null;

export function encodeSite(site: SiteView, openAssignments: number): SiteMessage {
  return {
    site: site.id,
    organisation: site.organisation,
    state: site.state,
    labels: site.labels,
    datasets: site.datasets.map((dataset) => ({ ...dataset, columns: [...dataset.columns] })),
    agentVersion: site.agentVersion ?? "",
    capabilities: [...site.capabilities],
    lastSeenMs: site.lastSeenMs ?? 0,
    certificateExpiresAtMs: site.certificateExpiresAtMs ?? 0,
    openAssignments,
    revokedAtMs: site.revokedAtMs ?? 0,
    revokedReason: site.revokedReason ?? "",
  };
}

/** A run as lists show it. */
export function encodeRun(run: Run): RunMessage {
  return {
    runId: run.id,
    name: run.name,
    workflowSha256: run.workflowSha256,
    state: run.state,
    startedBy: run.startedBy,
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs ?? 0,
    errorCode: run.errorCode ?? "",
    errorText: run.errorText ?? "",
    workflow: run.workflow,
    parent: run.parent ?? "",
  };
}

/** A run in full. */
export function encodeRunView(view: RunView): RunMessage {
  return {
    ...encodeRun(view.run),
    workflowJson: view.workflowJson,
    inputJson: view.input,
    outputJson: view.output,
    errorJson: view.error,
    tasks: [...view.tasks],
    rounds: view.rounds.map(({ round, assignments }) => ({
      round: round.round,
      state: round.status === "open" ? "collecting" : round.status,
      startedAtMs: round.startedAtMs,
      endedAtMs: round.endedAtMs ?? 0,
      base: encodeBlob(round.base),
      model: encodeBlob(round.model),
      samples: round.samples,
      metrics: round.metrics,
      assignments: assignments.map(encodeAssignment),
    })),
    model: encodeBlob(view.model),
  };
}

/** What a run waits for, or the way to its failure: from the outermost task inwards, then what is waited for. */
export function encodeWhy({ text, chain, waitsFor }: Why): ExplainRunReplyMessage {
  const tasks = chain.map(({ ref, name, kind, state, attempts, error }) => {
    const tried = attempts > 1 ? ` at attempt ${attempts}` : "";
    const because = error === undefined ? "" : `: ${sentenceOf(error)}`;
    return { ref, text: `${name} (${kind}) ${taskVerbs[state]}${tried}${because}` };
  });
  // A timer beside something else is the end of its time.
  const alone = waitsFor.every(({ what }) => what === "timer");
  return { summary: text, reasons: [...tasks, ...waitsFor.map((one) => encodeWaiting(one, alone))] };
}

function encodeWaiting(waiting: Waiting, alone: boolean): ReasonMessage {
  switch (waiting.what) {
    case "call":
      return { ref: waiting.ref, text: `${waiting.call} is under way${at(waiting.sites)}` };
    case "timer":
      return {
        ref: "",
        text: `${alone ? "until" : "until, at the latest,"} ${new Date(waiting.dueAtMs).toISOString()}`,
      };
    case "event":
      return { ref: "", text: `for ${sayOne(waiting)}` };
    case "limit":
      return { ref: "", text: waiting.text };
  }
}

const at = (sites: readonly string[]): string => (sites.length === 0 ? "" : ` at ${listWords(sites)}`);

/** Where each step would go. */
export function encodeDryRun(steps: readonly DryRunStep[]): DryRunReplyMessage {
  return { steps: steps.map((step) => ({ ...step, sites: [...step.sites] })) };
}

function encodeAssignment(assignment: Assignment): AssignmentMessage {
  return {
    assignmentId: assignment.id,
    site: assignment.site,
    kind: assignment.kind,
    state: assignment.state,
    attempt: assignment.attempt,
    samples: assignment.samples,
    metrics: assignment.metrics,
    reasonCode: assignment.reasonCode ?? "",
    reason: assignment.reason ?? "",
    fraction: assignment.state === "delivered" ? 1 : 0,
    deliveredAtMs: assignment.deliveredAtMs ?? 0,
    updateSha256: assignment.update?.sha256 ?? "",
  };
}

export function encodeEvent(event: RunEvent): RunEventMessage {
  const { runId, seq, atMs, type, round, site, text, data } = event;
  return { runId, seq, atMs, type, round, site, text, dataJson: JSON.stringify(data) };
}

export function encodeResult(result: Result): ResultMessage {
  return {
    runId: result.run.id,
    runName: result.run.name,
    state: result.run.state,
    metrics: result.metrics,
    rounds: [...result.rounds],
    model: result.model?.name ?? "",
    modelVersion: result.model?.version ?? 0,
    blob: encodeBlob(result.model?.blob),
    errorCode: result.run.errorCode ?? "",
    errorText: result.run.errorText ?? "",
  };
}

export function encodeModel(model: Model): ModelMessage {
  return { model: model.name, versions: model.versions.map(encodeModelVersion) };
}

function encodeModelVersion(version: ModelVersion): ModelVersionMessage {
  const { runId, round, parent, createdAtMs, metrics, sites } = version;
  return {
    version: version.version,
    blob: encodeBlob(version.blob),
    runId,
    round,
    parent,
    createdAtMs,
    metrics,
    layersJson: version.layers,
    sites,
  };
}
