import type { WorkflowChange } from "#hub/workflow/definition/diff.js";
import { listWords, printable } from "#kernel/words.js";
import type { DryRunReply__Output } from "#proto/generated/comity/v1/DryRunReply.js";
import type { ExplainRunReply__Output } from "#proto/generated/comity/v1/ExplainRunReply.js";
import type { WorkflowVersion__Output } from "#proto/generated/comity/v1/WorkflowVersion.js";
import { time } from "./format.js";
import { colour } from "./output.js";
import { renderFields, renderTable } from "./table.js";
import { inTreeOrder, isWithin } from "./tree.js";

/** `namespace/name:version`. */
export const workflowName = ({ namespace, name, version }: WorkflowVersion__Output): string =>
  `${namespace}/${name}:${version}`;

/** Versions, one a line. */
export function renderWorkflows(versions: readonly WorkflowVersion__Output[]): string {
  if (versions.length === 0) return "No workflow is published. `comity workflow publish FILE` publishes one.";
  return renderTable(
    [
      { title: "WORKFLOW", value: workflowName },
      { title: "TITLE", value: (version) => version.title },
      { title: "PUBLISHED", value: (version) => time(version.publishedAtMs) },
      { title: "BY", value: (version) => version.publishedBy },
      { title: "NEXT START", value: (version) => time(version.nextStartAtMs) },
      { title: "DIGEST", value: (version) => version.sha256.slice(0, 12) },
    ],
    versions,
  );
}

/** One version with its text. */
export function renderWorkflow(version: WorkflowVersion__Output): string {
  const fields = renderFields([
    ["workflow", workflowName(version)],
    ["title", version.title],
    ["digest", version.sha256],
    ["published", `${time(version.publishedAtMs)} by ${version.publishedBy}`],
    ["next start", version.nextStartAtMs === 0 ? "" : time(version.nextStartAtMs)],
  ]);
  return `${fields}\n\n${version.source.trimEnd()}`;
}

/** What differs between two workflows, one line for each task. */
export function renderChanges(changes: readonly WorkflowChange[]): string {
  if (changes.length === 0) return "They are the same.";
  return changes
    .map(({ change, ref, task, pointers }) => {
      const what = task === undefined ? ref : `${task.name} (${task.kind}, ${ref})`;
      const where = pointers.length === 0 ? "" : `: ${listWords(pointers)}`;
      return `${change.padEnd(7)}  ${what}${where}`;
    })
    .join("\n");
}

/** Where each step would go. */
export function renderDryRun({ steps }: DryRunReply__Output): string {
  const rows = inTreeOrder(steps).flatMap(({ item, depth }) => [
    { name: "  ".repeat(depth) + item.name, what: item.call || item.kind, text: item.text },
    ...item.sites.map(({ site, chosen, reason }) => ({
      name: `${"  ".repeat(depth + 1)}${site}`,
      what: chosen ? "yes" : "no",
      text: reason,
    })),
  ]);
  const table = renderTable(
    [
      { title: "STEP", value: (row) => row.name },
      { title: "WHAT", value: (row) => row.what },
      { title: "IT", value: (row) => row.text },
    ],
    rows,
  );
  return `${table}\n\nNothing has been run.`;
}

/** Why a run stands where it stands. */
export function renderExplanation({ summary, reasons }: ExplainRunReply__Output): string {
  const around = (ref: string, at: number): number =>
    reasons.slice(0, at).filter((one) => one.ref !== "" && (ref === "" || isWithin(ref, one.ref))).length;
  return [
    summary,
    ...reasons.map(({ ref, text }, at) => {
      const place = ref === "" ? "" : `${colour.dim(ref)}  `;
      return `${"  ".repeat(around(ref, at) + 1)}${place}${printable(text)}`;
    }),
  ].join("\n");
}
