import type { Model__Output } from "#proto/generated/comity/v1/Model.js";
import type { ModelVersion__Output } from "#proto/generated/comity/v1/ModelVersion.js";
import type { Operator__Output } from "#proto/generated/comity/v1/Operator.js";
import type { Result__Output } from "#proto/generated/comity/v1/Result.js";
import { bytes, count, duration, metricColumns, metrics, time } from "./format.js";
import { renderFields, renderTable } from "./table.js";

/** All results, one a line. */
export function renderResults(results: readonly Result__Output[]): string {
  if (results.length === 0) return "There are no results. `comity run start WORKFLOW` starts a run.";
  return renderTable(
    [
      { title: "RUN", value: (result) => result.runId },
      { title: "NAME", value: (result) => result.runName },
      { title: "STATE", value: (result) => result.state },
      { title: "ROUNDS", value: (result) => String(result.rounds.length), right: true },
      { title: "RESULT", value: (result) => metrics(result.metrics) },
      { title: "MODEL", value: modelName },
    ],
    results,
  );
}

/** One result with its rounds. */
export function renderResult(result: Result__Output): string {
  const about = renderFields([
    ["run", result.runId],
    ["name", result.runName],
    ["state", result.state],
    ["error", result.errorCode === "" ? "" : `${result.errorCode}: ${result.errorText}`],
    ["result", metrics(result.metrics)],
    ["model", modelName(result)],
    ["sha256", result.blob?.sha256 ?? ""],
  ]);
  if (result.rounds.length === 0) return about;
  const rounds = renderTable(
    [
      { title: "ROUND", value: (round) => String(round.round), right: true },
      { title: "SITES", value: (round) => String(round.sites), right: true },
      { title: "SAMPLES", value: (round) => count(round.samples), right: true },
      ...metricColumns(result.rounds),
      { title: "TIME", value: (round) => duration(round.endedAtMs - round.startedAtMs), right: true },
    ],
    result.rounds,
  );
  return `${about}\n\n${rounds}`;
}

/** All models, one a line, each with its newest version. */
export function renderModels(models: readonly Model__Output[]): string {
  if (models.length === 0) return "There are no models. `comity train start plan.yaml` makes one.";
  const newest = (model: Model__Output): ModelVersion__Output | undefined =>
    model.versions.toSorted((a, b) => a.version - b.version).at(-1);
  return renderTable(
    [
      { title: "MODEL", value: (model) => model.model },
      { title: "VERSION", value: (model) => String(newest(model)?.version ?? 0), right: true },
      { title: "SIZE", value: (model) => bytes(newest(model)?.blob?.sizeBytes ?? 0), right: true },
      { title: "MADE", value: (model) => time(newest(model)?.createdAtMs ?? 0) },
      { title: "RESULT", value: (model) => metrics(newest(model)?.metrics ?? {}) },
    ],
    models,
  );
}

/** One model's versions. */
export function renderModel(model: Model__Output): string {
  return renderTable(
    [
      { title: "VERSION", value: (version) => String(version.version), right: true },
      {
        title: "FROM",
        value: (version) => (version.parent === 0 ? "-" : String(version.parent)),
        right: true,
      },
      { title: "ROUND", value: (version) => String(version.round), right: true },
      { title: "SITES", value: (version) => String(version.sites), right: true },
      { title: "MADE", value: (version) => time(version.createdAtMs) },
      { title: "SIZE", value: (version) => bytes(version.blob?.sizeBytes ?? 0), right: true },
      { title: "RESULT", value: (version) => metrics(version.metrics) },
      { title: "SHA-256", value: (version) => version.blob?.sha256 ?? "" },
    ],
    model.versions,
  );
}

/** All operators, one a line. */
export function renderOperators(operators: readonly Operator__Output[]): string {
  return renderTable(
    [
      { title: "NAME", value: (operator) => operator.name },
      { title: "ROLE", value: (operator) => operator.role },
      { title: "MADE", value: (operator) => time(operator.createdAtMs) },
      { title: "UNTIL", value: (operator) => (operator.removed ? "removed" : time(operator.expiresAtMs)) },
    ],
    operators,
  );
}

const modelName = (result: Result__Output): string =>
  result.model === "" ? "" : `${result.model} version ${result.modelVersion}`;
