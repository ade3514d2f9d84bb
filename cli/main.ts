#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { comityVersion } from "#kernel/version.js";
import { command } from "./command.js";
import { reportError } from "./render/error.js";
import { endQuietlyOnClosedPipe } from "./render/output.js";

/** Each group of commands is a module of its own, read only when it is the one asked for: a small command starts at once. */
const groups: Record<string, { summary: string; load: () => Promise<Command> }> = {
  demo: {
    summary: "watch five sites train one model, on this machine",
    load: async () => (await import("./commands/demo.js")).demoCommand(),
  },
  hub: {
    summary: "set up and run a hub",
    load: async () => (await import("./commands/hub.js")).hubCommand(),
  },
  site: {
    summary: "invite, list and revoke sites",
    load: async () => (await import("./commands/site.js")).siteCommand(),
  },
  agent: {
    summary: "join a hub, run and check a site's agent",
    load: async () => (await import("./commands/agent.js")).agentCommand(),
  },
  train: {
    summary: "start a training run from a plan",
    load: async () => (await import("./commands/train.js")).trainCommand(),
  },
  workflow: {
    summary: "check, draw, publish and compare workflows",
    load: async () => (await import("./commands/workflow.js")).workflowCommand(),
  },
  run: {
    summary: "start, watch and steer runs",
    load: async () => (await import("./commands/run.js")).runCommand(),
  },
  event: {
    summary: "send an event to the runs that listen",
    load: async () => (await import("./commands/event.js")).eventCommand(),
  },
  result: {
    summary: "list and get aggregated results",
    load: async () => (await import("./commands/result.js")).resultCommand(),
  },
  model: {
    summary: "list, show and download models",
    load: async () => (await import("./commands/model.js")).modelCommand(),
  },
  operator: {
    summary: "add, list and remove operators",
    load: async () => (await import("./commands/operator.js")).operatorCommand(),
  },
};

async function main(words: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  const wanted = words.find((word) => !word.startsWith("-"));
  const program = command("comity", {
    summary: "train models and run workflows across organisations that may not share their data",
    description:
      "Comity lets organisations that may not share their data train models and run workflows together.\nA hub coordinates; an agent at each site works next to the data.",
    examples: [
      "comity demo",
      "comity hub init ./hub",
      "comity site invite acme/berlin --hub ./hub/operator.json",
    ],
  });
  program.version(comityVersion, "-V, --version", "show the version").usage("<command> [options]");
  // `comity model download NAME --version 3` is the download's own option.
  program.enablePositionalOptions();
  for (const [name, group] of Object.entries(groups)) {
    program.addCommand(name === wanted ? await group.load() : new Command(name).description(group.summary));
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (thrown) {
    // Help that was asked for is an answer; help in place of a missing command is a wrong use.
    process.exitCode =
      thrown instanceof CommanderError ? (thrown.exitCode === 0 ? 0 : 2) : reportError(thrown);
  }
}

await main(process.argv.slice(2));
