import type { Assignment, BlobRef } from "#hub/assignments/model.js";
import type { Model } from "#hub/models/service.js";
import type { Result, RunView } from "#hub/results/service.js";
import type { SiteView } from "#hub/sites/service.js";
import type { ModelVersion } from "#hub/store/models.js";
import type { Run, RunEvent } from "#hub/workflow/model.js";
import type { Assignment as AssignmentMessage } from "#proto/generated/comity/v1/Assignment.js";
import type { Blob as BlobMessage } from "#proto/generated/comity/v1/Blob.js";
import type { Model as ModelMessage } from "#proto/generated/comity/v1/Model.js";
import type { ModelVersion as ModelVersionMessage } from "#proto/generated/comity/v1/ModelVersion.js";
import type { Result as ResultMessage } from "#proto/generated/comity/v1/Result.js";
import type { Run as RunMessage } from "#proto/generated/comity/v1/Run.js";
import type { RunEvent as RunEventMessage } from "#proto/generated/comity/v1/RunEvent.js";
import type { Site as SiteMessage } from "#proto/generated/comity/v1/Site.js";

export const encodeBlob = (blob: BlobRef | undefined): BlobMessage | null => blob ?? null;

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
  };
}

/** A run in full. */
export function encodeRunView(view: RunView): RunMessage {
  return {
    ...encodeRun(view.run),
    workflowJson: view.workflowJson,
    tasks: view.tasks.map((task) => ({
      ref: task.ref,
      state: task.state,
      call: task.call,
      startedAtMs: task.started_at_ms,
      endedAtMs: task.ended_at_ms ?? 0,
    })),
    rounds: view.rounds.map(({ round, assignments }) => ({
      round: round.round,
      state: round.state,
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
