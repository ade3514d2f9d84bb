import type { Command } from "commander";
import { diffWorkflows, type WorkflowChange } from "#hub/workflow/definition/diff.js";
import { findingLine } from "#hub/workflow/definition/finding.js";
import { graphOf } from "#hub/workflow/definition/graph.js";
import { parseDefinition } from "#hub/workflow/definition/lint.js";
import { mermaid } from "#hub/workflow/definition/mermaid.js";
import type { Workflow } from "#hub/workflow/definition/model.js";
import { ComityError } from "#kernel/errors.js";
import { counted } from "#kernel/words.js";
import { command, hubOption, jsonOption } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { lintFile, readDefinition, withLintPorts } from "../lint.js";
import { print, printAnswer, printJson } from "../render/output.js";
import { renderChanges, renderWorkflow, renderWorkflows, workflowName } from "../render/workflow.js";
import { isWorkflowFile, readText } from "../text-file.js";

type Options = HubOptions & { readonly json?: true };

/** `comity workflow …` */
export function workflowCommand(): Command {
  const workflow = command("workflow", {
    summary: "check, draw, publish and compare workflows",
    examples: ["comity workflow lint flow.yaml", "comity workflow publish flow.yaml"],
  });
  for (const each of [lint(), graph(), publish(), list(), show(), diff()]) workflow.addCommand(each);
  return workflow;
}

const lint = (): Command =>
  command("lint", {
    summary: "check a workflow file",
    description:
      "Checks workflow files: one mistake, one message, with line and column, what is allowed and what was probably meant.\nEnds with 10 when there is an error; warnings are advice.",
    examples: ["comity workflow lint flow.yaml", "comity workflow lint flows/*.yaml --json"],
  })
    .argument("<files...>", "workflow files, YAML or JSON; - is standard input")
    .addOption(jsonOption())
    .action(async (files: string[], options: { json?: true }) => {
      const checked = await withLintPorts(async (ports) => {
        const all = [];
        for (const file of files) all.push({ file, findings: (await lintFile(file, ports)).findings });
        return all;
      });
      const errors = checked
        .flatMap(({ findings }) => findings)
        .filter(({ severity }) => severity === "error").length;
      if (options.json === true) printJson(checked);
      else {
        for (const { file, findings } of checked) {
          for (const finding of findings) print(findingLine(finding, file));
          if (findings.length === 0) print(`${file}: no findings`);
        }
      }
      if (errors === 0) return;
      throw new ComityError("WORKFLOW_INVALID", `${counted(errors, "error")} found.`, {
        hint: "docs/reference/workflow-language.md explains each code.",
      });
    });

const graph = (): Command =>
  command("graph", {
    summary: "draw a workflow",
    description:
      "Prints the workflow as a Mermaid flowchart, which Markdown viewers draw; with --json as nodes and edges.",
    examples: ["comity workflow graph flow.yaml > flow.mmd", "comity workflow graph flow.yaml --json"],
  })
    .argument("<file>", "a workflow file, or a published workflow")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (file: string, options: Options) => {
      const drawn = graphOf(await workflowOf(file, options));
      if (options.json === true) printJson({ nodes: drawn.nodes, edges: drawn.edges });
      else print(mermaid(drawn).trimEnd());
    });

const publish = (): Command =>
  command("publish", {
    summary: "publish a version of a workflow",
    description:
      "Publishes the version that the file names, for good: a version never changes. Publishing the same once more does nothing.",
    examples: ["comity workflow publish flow.yaml"],
  })
    .argument("<file>", "the workflow file")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (file: string, options: Options) => {
      const source = await readDefinition(file);
      const version = await withHub(options, (hub) => hub.publishWorkflow({ source }));
      printAnswer(options, version, () => `${workflowName(version)} is published: ${version.sha256}`);
    });

const list = (): Command =>
  command("list", {
    summary: "list published workflows",
    examples: ["comity workflow list", "comity workflow list default/nightly"],
  })
    .argument("[workflow]", "all versions of this one")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (workflow: string | undefined, options: Options) => {
      const { versions } = await withHub(options, (hub) => hub.listWorkflows(workflow));
      printAnswer(options, versions, renderWorkflows);
    });

const show = (): Command =>
  command("show", {
    summary: "show a published workflow",
    examples: ["comity workflow show nightly", "comity workflow show default/nightly:1.0.0 --json"],
  })
    .argument("<workflow>", "NAME, NAMESPACE/NAME or NAMESPACE/NAME:VERSION")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (workflow: string, options: Options) => {
      const version = await withHub(options, (hub) => hub.getWorkflow(workflow));
      printAnswer(options, version, renderWorkflow);
    });

const diff = (): Command =>
  command("diff", {
    summary: "compare two workflows, task by task",
    examples: [
      "comity workflow diff default/nightly:1.0.0 flow.yaml",
      "comity workflow diff nightly:1.0.0 nightly:1.1.0",
    ],
  })
    .argument("<before>", "a workflow file, or a published workflow")
    .argument("<after>", "a workflow file, or a published workflow")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (before: string, after: string, options: Options) => {
      const changes: readonly WorkflowChange[] = diffWorkflows(
        await workflowOf(before, options),
        await workflowOf(after, options),
      );
      printAnswer(options, changes, renderChanges);
    });

/** The workflow of a file, or the published one of that name. */
async function workflowOf(named: string, options: Options): Promise<Workflow> {
  const source = isWorkflowFile(named)
    ? await readText(named, "WORKFLOW_INVALID")
    : (await withHub(options, (hub) => hub.getWorkflow(named))).source;
  return (await withLintPorts((ports) => parseDefinition(source, ports, named))).workflow;
}
