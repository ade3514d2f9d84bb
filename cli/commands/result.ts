import type { Command } from "commander";
import { command, hubOption, jsonOption, wholeNumber } from "../command.js";
import { type HubOptions, runIdOrNewest, withHub } from "../hub.js";
import { printAnswer } from "../render/output.js";
import { renderResult, renderResults } from "../render/result.js";

/** `comity result …` */
export function resultCommand(): Command {
  const result = command("result", {
    summary: "list and get aggregated results",
    examples: ["comity result list", "comity result get --json"],
  });
  return result.addCommand(list()).addCommand(get());
}

const list = (): Command =>
  command("list", { summary: "list the results of runs, the newest first", examples: ["comity result list"] })
    .option("--limit <number>", "how many", wholeNumber(1, 1000), 50)
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (options: HubOptions & { json?: true; limit: number }) => {
      const { results } = await withHub(options, (hub) => hub.listResults(options.limit));
      printAnswer(options, results, renderResults);
    });

const get = (): Command =>
  command("get", {
    summary: "show the result of a run, round by round",
    examples: ["comity result get", "comity result get RUN --json"],
  })
    .argument("[run]", "the run's id (default: the newest run)")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: HubOptions & { json?: true }) => {
      const result = await withHub(options, async (hub) => hub.getResult(await runIdOrNewest(hub, id)));
      printAnswer(options, result, renderResult);
    });
