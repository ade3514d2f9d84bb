import type { Assignment__Output } from "#proto/generated/comity/v1/Assignment.js";
import type { Round__Output } from "#proto/generated/comity/v1/Round.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import { count, duration, metric, metrics, time } from "./format.js";
import { colour } from "./output.js";
import { renderFields, renderTable } from "./table.js";

/** All runs, one a line. */
export function renderRuns(runs: readonly Run__Output[], nowMs: number): string {
  if (runs.length === 0) return "There are no runs. `comity train start plan.yaml` starts one.";
  return renderTable(
    [
      { title: "RUN", value: (run) => run.runId },
      { title: "NAME", value: (run) => run.name },
      { title: "STATE", value: (run) => run.state },
      { title: "ROUNDS", value: (run) => String(completedRounds(run)), right: true },
      { title: "STARTED", value: (run) => time(run.startedAtMs) },
      { title: "TIME", value: (run) => duration((run.endedAtMs || nowMs) - run.startedAtMs), right: true },
      { title: "BY", value: (run) => run.startedBy },
    ],
    runs,
  );
}

/** One run: what it is, its rounds, and in the last round each site. */
export function renderRun(run: Run__Output, nowMs: number): string {
  const parts = [
    renderFields([
      ["run", run.runId],
      ["name", run.name],
      ["state", run.state],
      ["error", run.errorCode === "" ? "" : `${run.errorCode}: ${run.errorText}`],
      ["started", `${time(run.startedAtMs)} by ${run.startedBy}`],
      ["time", duration((run.endedAtMs || nowMs) - run.startedAtMs)],
      ["workflow", run.workflowSha256],
      ["model", run.model?.sha256 ?? ""],
    ]),
  ];
  if (run.rounds.length > 0) parts.push(renderRounds(run.rounds, nowMs));
  const last = run.rounds.at(-1);
  if (last !== undefined && last.assignments.length > 0) {
    parts.push(`${colour.dim(`Sites in round ${last.round}:`)}\n${renderAssignments(last.assignments)}`);
  }
  return parts.join("\n\n");
}

/** The rounds of a run, one a line. */
export function renderRounds(rounds: readonly Round__Output[], nowMs: number): string {
  return renderTable(
    [
      { title: "ROUND", value: (round) => String(round.round), right: true },
      { title: "STATE", value: (round) => round.state },
      { title: "SITES", value: sitesIn, right: true },
      { title: "SAMPLES", value: (round) => count(round.samples), right: true },
      { title: "LOSS", value: (round) => metric(round.metrics["loss"]), right: true },
      { title: "ACCURACY", value: (round) => metric(round.metrics["accuracy"]), right: true },
      {
        title: "TIME",
        value: (round) => duration((round.endedAtMs || nowMs) - round.startedAtMs),
        right: true,
      },
    ],
    rounds,
  );
}

function renderAssignments(assignments: readonly Assignment__Output[]): string {
  return renderTable(
    [
      { title: "SITE", value: (assignment) => assignment.site },
      { title: "WORK", value: (assignment) => assignment.kind },
      { title: "STATE", value: (assignment) => assignment.state },
      { title: "ATTEMPT", value: (assignment) => String(assignment.attempt), right: true },
      { title: "SAMPLES", value: (assignment) => count(assignment.samples), right: true },
      { title: "WHAT", value: what },
    ],
    assignments,
  );
}

const what = (assignment: Assignment__Output): string =>
  assignment.reasonCode === ""
    ? metrics(assignment.metrics)
    : `${assignment.reasonCode}: ${assignment.reason}`;

const completedRounds = (run: Run__Output): number =>
  run.rounds.filter((round) => round.state === "completed").length;

/** `4/5`: sites that delivered their training, of those that were asked. */
function sitesIn(round: Round__Output): string {
  const asked = round.assignments.filter((assignment) => assignment.kind === "train");
  return `${asked.filter((assignment) => assignment.state === "delivered").length}/${asked.length}`;
}
