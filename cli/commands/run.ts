import type { Command } from "commander";
import { ComityError } from "#kernel/errors.js";
import type { Run__Output } from "#proto/generated/comity/v1/Run.js";
import type { Task__Output } from "#proto/generated/comity/v1/Task.js";
import { command, hubOption, jsonOption, wholeNumber } from "../command.js";
import { type HubOptions, runIdOrNewest, withHub } from "../hub.js";
import { printAnswer } from "../render/output.js";
import { renderRun, renderRuns, renderTask } from "../render/run.js";
import { watchToEnd } from "../watch.js";
import { runControlCommands } from "./run-control.js";
import { runStartCommand } from "./run-start.js";

interface RunOptions extends HubOptions {
  readonly json?: true;
}

/** `comity run …` */
export function runCommand(): Command {
  const run = command("run", {
    summary: "start, watch and steer runs",
    examples: ["comity run start flow.yaml --watch", "comity run list", "comity run why RUN"],
  });
  const commands = [runStartCommand(), list(), show(), watch(), ...runControlCommands()];
  for (const each of commands) run.addCommand(each);
  return run;
}

const list = (): Command =>
  command("list", {
    summary: "list runs, the newest first",
    examples: ["comity run list --limit 5", "comity run list --json"],
  })
    .option("--limit <number>", "how many", wholeNumber(1, 1000), 50)
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (options: RunOptions & { limit: number }) => {
      const { runs } = await withHub(options, (hub) => hub.listRuns(options.limit));
      printAnswer(options, runs, () => renderRuns(runs, Date.now()));
    });

const show = (): Command =>
  command("show", {
    summary: "show a run, its tasks, its rounds and its sites",
    description:
      "Shows a run: its input, each task that it has come to, its output, its rounds and their sites.\nWith --task the input and the output of one task in full.",
    examples: ["comity run show", "comity run show RUN --task evaluate", "comity run show RUN --json"],
  })
    .argument("[run]", "the run's id (default: the newest run)")
    .option("--task <task>", "one task, by its name or JSON Pointer")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: RunOptions & { task?: string }) => {
      const run = await withHub(options, async (hub) => hub.getRun(await runIdOrNewest(hub, id)));
      if (options.task === undefined) printAnswer(options, run, () => renderRun(run, Date.now()));
      else printAnswer(options, taskOf(run, options.task), (task) => renderTask(task, Date.now()));
    });

function taskOf(run: Run__Output, named: string): Task__Output {
  const found = run.tasks.find(({ name, ref }) => name === named || ref === named);
  if (found !== undefined) return found;
  throw new ComityError("TASK_NOT_FOUND", `Run ${run.runId} has not come to a task ${named}.`, {
    hint: `\`comity run show ${run.runId}\` lists its tasks.`,
  });
}

const watch = (): Command =>
  command("watch", {
    summary: "watch a run until it ends",
    description:
      "Shows what has happened in a run and what happens now, until it ends. Ctrl-C stops the watching, not the run.",
    examples: ["comity run watch", "comity run watch RUN --json"],
  })
    .argument("[run]", "the run's id (default: the newest run)")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: RunOptions) => {
      await withHub(options, async (hub) => watchToEnd(hub, await runIdOrNewest(hub, id), options));
    });
