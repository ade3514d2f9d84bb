import { z } from "zod";
import type { Assignment__Output } from "#proto/generated/comity/v1/Assignment.js";
import type { Round__Output } from "#proto/generated/comity/v1/Round.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { Task__Output } from "#proto/generated/comity/v1/Task.js";
import { count, duration, metricColumns, metrics, time } from "./format.js";
import { colour } from "./output.js";
import { renderQuery } from "./query.js";
import { cut, renderFields, renderTable } from "./table.js";
import { inTreeOrder } from "./tree.js";

/** All runs, one a line. */
export function renderRuns(runs: readonly Run__Output[], nowMs: number): string {
  if (runs.length === 0) return "There are no runs. `comity run start WORKFLOW` starts one.";
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
      ["workflow", [run.workflow, run.workflowSha256].filter((part) => part !== "").join("  ")],
      ["started by", run.parent],
      ["model", run.model?.sha256 ?? ""],
    ]),
  ];
  if (run.inputJson !== "") parts.push(`${colour.dim("Input:")}\n${pretty(run.inputJson)}`);
  if (run.tasks.length > 0) parts.push(renderTasks(run.tasks, nowMs));
  if (run.outputJson !== "" && run.state === "completed")
    parts.push(`${colour.dim("Output:")}\n${renderOutput(run.outputJson)}`);
  if (run.rounds.length > 0) parts.push(renderRounds(run.rounds, nowMs));
  const last = run.rounds.at(-1);
  if (last !== undefined && last.assignments.length > 0) {
    parts.push(`${colour.dim(`Sites in round ${last.round}:`)}\n${renderAssignments(last.assignments)}`);
  }
  return parts.join("\n\n");
}

/** The tasks that a run has come to, one a line. */
function renderTasks(tasks: readonly Task__Output[], nowMs: number): string {
  return renderTable(
    [
      { title: "TASK", value: ({ item, depth }) => "  ".repeat(depth) + item.name },
      { title: "WHAT", value: ({ item }) => item.call || item.kind },
      { title: "STATE", value: ({ item }) => item.state },
      { title: "ATTEMPTS", value: ({ item }) => String(item.attempts), right: true },
      { title: "PASSES", value: ({ item }) => String(item.passes), right: true },
      { title: "TIME", value: ({ item }) => taskTime(item, nowMs), right: true },
      { title: "GOT", value: ({ item }) => cut(item.inputJson, maxValueColumns) },
      { title: "GAVE", value: ({ item }) => cut(gave(item), maxValueColumns) },
    ],
    inTreeOrder(tasks),
  );
}

/** What a task gave: its output, or the title and the detail of its error. */
function gave({ outputJson, errorJson }: Task__Output): string {
  if (errorJson === "") return outputJson;
  const { title, detail } = errorSchema.catch({}).parse(JSON.parse(errorJson));
  return [title, detail].filter((part) => part !== undefined).join(": ") || errorJson;
}

const errorSchema = z.object({ title: z.string().optional(), detail: z.string().optional() });

/** Columns of a value in a table; `run show --task` has the whole. */
const maxValueColumns = 40;

/** One task with its values in full. */
export function renderTask(task: Task__Output, nowMs: number): string {
  const about = renderFields([
    ["task", task.name],
    ["place", task.ref],
    ["what", task.call || task.kind],
    ["state", task.state],
    ["attempts", String(task.attempts)],
    ["passes", String(task.passes)],
    ["started", time(task.startedAtMs)],
    ["time", taskTime(task, nowMs)],
  ]);
  const values = [
    ["Input", task.inputJson],
    ["Output", task.outputJson],
    ["Error", task.errorJson],
  ] as const;
  const shown = values.filter(([, json]) => json !== "");
  return [about, ...shown.map(([title, json]) => `${colour.dim(`${title}:`)}\n${pretty(json)}`)].join("\n\n");
}

const taskTime = ({ startedAtMs, endedAtMs }: Task__Output, nowMs: number): string =>
  duration((endedAtMs || nowMs) - startedAtMs);

/** The output of a run: a table where a query has given it, else its JSON. */
export const renderOutput = (json: string): string => renderQuery(JSON.parse(json)) ?? pretty(json);

/** A JSON text of a hub on several lines. */
const pretty = (json: string): string => JSON.stringify(JSON.parse(json), undefined, 2);

/** The rounds of a run, one a line. */
function renderRounds(rounds: readonly Round__Output[], nowMs: number): string {
  return renderTable(
    [
      { title: "ROUND", value: (round) => String(round.round), right: true },
      { title: "STATE", value: (round) => round.state },
      { title: "SITES", value: sitesIn, right: true },
      { title: "SAMPLES", value: (round) => count(round.samples), right: true },
      ...metricColumns(rounds),
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

/** `4/5`: sites that have delivered what the round began with, of those that were asked. */
function sitesIn({ assignments }: Round__Output): string {
  const [first] = assignments;
  const delivered = new Map<string, boolean>();
  for (const { site, kind, state } of assignments)
    if (kind === first?.kind) delivered.set(site, (delivered.get(site) ?? true) && state === "delivered");
  return `${[...delivered.values()].filter((is) => is).length}/${delivered.size}`;
}
