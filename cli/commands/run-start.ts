import { type Command, Option } from "commander";
import { ComityError } from "#kernel/errors.js";
import { command, hubOption, jsonOption } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { readDefinition } from "../lint.js";
import { printAnswer } from "../render/output.js";
import { renderDryRun } from "../render/workflow.js";
import { isWorkflowFile, readJsonOption, readText } from "../text-file.js";
import { watchToEnd } from "../watch.js";

interface StartOptions extends HubOptions {
  readonly input?: string;
  readonly key?: string;
  readonly name?: string;
  readonly watch?: true;
  readonly dryRun?: true;
  readonly local?: true;
  readonly json?: true;
}

/** `comity run start`: a published workflow, or a file, at the hub; or a file here, without a hub. */
export const runStartCommand = (): Command =>
  command("start", {
    summary: "start a run of a workflow",
    description:
      "Starts a run of a published workflow (NAME, NAMESPACE/NAME or NAMESPACE/NAME:VERSION) or of a file.\nWith --dry-run it shows where each step would go and which rule would refuse it, and runs nothing.\nWith --local it runs a file here, in one process and without a hub, to try things out.",
    examples: [
      "comity run start nightly --input '{\"rounds\": 5}' --watch",
      "comity run start flow.yaml --input input.json --key nightly-2026-11-22",
      "comity run start flow.yaml --local --input '{}'",
    ],
  })
    .argument("<workflow>", "a published workflow, or a file that ends in .yaml, .yml or .json")
    .option("--input <file|json>", "the workflow's input: JSON, or a file of it (default: {})")
    .option(
      "--key <key>",
      "your own name for this start: the same again gives the same run, anything else under it is refused",
    )
    .option("--name <name>", "the run's name, for people")
    .option("--watch", "show the run until it ends, then its result")
    .addOption(
      new Option("--dry-run", "show where each step would go; run nothing").conflicts([
        "watch",
        "key",
        "name",
      ]),
    )
    .addOption(
      new Option("--local", "run a file here, without a hub").conflicts(["dryRun", "key", "name", "hub"]),
    )
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (workflow: string, options: StartOptions) => {
      const inputJson = options.input === undefined ? "" : await readJsonOption(options.input);
      if (options.local === true) return startLocal(workflow, inputJson, options);
      const source = isWorkflowFile(workflow) ? await readDefinition(workflow) : undefined;
      const what = source === undefined ? { workflow } : { workflowSource: source };
      await withHub(options, async (hub) => {
        if (options.dryRun === true) {
          printAnswer(options, await hub.dryRun({ ...what, inputJson }), renderDryRun);
          return;
        }
        const { key = "", name = "" } = options;
        const run = await hub.startRun({ ...what, inputJson, key, name });
        if (options.watch === true) return watchToEnd(hub, run.runId, options);
        // With a key it may have started long ago.
        const stands = key === "" ? "has started" : `has the key ${key} and is ${run.state}`;
        printAnswer(
          options,
          run,
          () => `Run ${run.runId} ${stands}. \`comity run watch ${run.runId}\` shows it.`,
        );
      });
    });

async function startLocal(file: string, inputJson: string, options: StartOptions): Promise<void> {
  if (!isWorkflowFile(file)) {
    throw new ComityError("USAGE", `--local runs a file; ${file} is none.`, {
      hint: "Give a file that ends in .yaml, .yml or .json.",
    });
  }
  const source = await readText(file, "WORKFLOW_INVALID");
  const { runLocally } = await import("../local-run.js");
  await runLocally({ file, source, inputJson, json: options.json === true });
}
