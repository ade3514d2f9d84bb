import type { Command } from "commander";
import { command, hubOption, jsonOption } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { plural } from "../render/format.js";
import { printAnswer } from "../render/output.js";
import { readJsonOption } from "../text-file.js";

/** `comity event …` */
export function eventCommand(): Command {
  const event = command("event", {
    summary: "send an event to the runs that listen",
    examples: ["comity event send event.json"],
  });
  return event.addCommand(send());
}

const send = (): Command =>
  command("send", {
    summary: "send one event",
    description:
      "Sends an event (CloudEvents 1.0, JSON) to the hub. Every run that listens for it gets it once, and workflows that are scheduled on it start.\n`id`, `source`, `time` and `specversion` are filled in where they are missing.",
    examples: [
      'comity event send \'{"type": "org.example.sample.ready", "data": {"batch": 7}}\'',
      "comity event send event.json --json",
    ],
  })
    .argument("<file|json>", "the event: JSON, a file of it, or - for standard input")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (given: string, options: HubOptions & { json?: true }) => {
      const eventJson = await readJsonOption(given);
      const reply = await withHub(options, (hub) => hub.publishEvent({ eventJson }));
      printAnswer(options, reply, ({ eventId, runs, started }) => {
        const begun = started.length === 0 ? "" : ` and has started ${started.join(", ")}`;
        return `Event ${eventId} has reached ${plural(runs, "run")}${begun}.`;
      });
    });
