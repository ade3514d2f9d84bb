import type { Command } from "commander";
import { parseRunId } from "#kernel/ids.js";
import { command, hubOption, jsonOption, wholeNumber } from "../command.js";
import { type HubOptions, newestRun, withHub } from "../hub.js";
import { printAnswer } from "../render/output.js";
import { renderRun, renderRuns } from "../render/run.js";
import { watchToEnd } from "../watch.js";

interface RunOptions extends HubOptions {
  readonly json?: true;
}

/** `comity run …` */
export function runCommand(): Command {
  const run = command("run", {
    summary: "list, show, watch and cancel runs",
    examples: ["comity run list", "comity run watch"],
  });
  return run.addCommand(list()).addCommand(show()).addCommand(watch()).addCommand(cancel());
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
    summary: "show a run, its rounds and its sites",
    examples: ["comity run show", "comity run show RUN --json"],
  })
    .argument("[run]", "the run's id (default: the newest run)")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: RunOptions) => {
      const run = await withHub(options, async (hub) => hub.getRun(await runIdOr(id, () => newestRun(hub))));
      printAnswer(options, run, () => renderRun(run, Date.now()));
    });

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
      await withHub(options, async (hub) =>
        watchToEnd(hub, await runIdOr(id, () => newestRun(hub)), options),
      );
    });

const cancel = (): Command =>
  command("cancel", {
    summary: "end a run before its time",
    examples: ['comity run cancel RUN --reason "wrong data"'],
  })
    .argument("<run>", "the run's id")
    .option("--reason <text>", "why; it is kept with the run", "")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (id: string, options: RunOptions & { reason: string }) => {
      const run = await withHub(options, (hub) =>
        hub.cancelRun({ runId: parseRunId(id), reason: options.reason }),
      );
      printAnswer(options, run, () => `Run ${run.runId} is ${run.state}.`);
    });

const runIdOr = async (id: string | undefined, otherwise: () => Promise<string>): Promise<string> =>
  id === undefined ? otherwise() : parseRunId(id);
