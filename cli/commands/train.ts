import type { Command } from "commander";
import { trainingWorkflow } from "#hub/federated/training-workflow.js";
import { command, hubOption, jsonOption } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { readPlan } from "../plan.js";
import { printAnswer } from "../render/output.js";
import { watchToEnd } from "../watch.js";

/** `comity train …` */
export function trainCommand(): Command {
  const train = command("train", {
    summary: "start a training run from a plan",
    examples: ["comity train start plan.yaml --watch"],
  });
  return train.addCommand(start());
}

const start = (): Command =>
  command("start", {
    summary: "start a training run",
    description:
      "Reads and checks a training plan and starts a run of it. With --watch it shows the run until it ends, then the result;\nCtrl-C stops the watching, not the run.",
    examples: ["comity train start examples/digits/plan.yaml --watch", "comity train start plan.yaml --json"],
  })
    .argument("<plan.yaml>", "the training plan")
    .option("--watch", "show the run until it ends, then its result")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (path: string, options: HubOptions & { watch?: true; json?: true }) => {
      const { name, plan } = await readPlan(path);
      const workflowSource = JSON.stringify(trainingWorkflow(name, plan));
      await withHub(options, async (hub) => {
        const run = await hub.startRun({ workflowSource, name });
        if (options.watch === true) await watchToEnd(hub, run.runId, options);
        else
          printAnswer(
            options,
            run,
            ({ runId }) => `Run ${runId} has started. \`comity run watch ${runId}\` shows it.`,
          );
      });
    });
