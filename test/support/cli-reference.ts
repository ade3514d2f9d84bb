import type { Argument, Command, Option } from "commander";
import { agentCommand } from "#cli/commands/agent.js";
import { demoCommand } from "#cli/commands/demo.js";
import { eventCommand } from "#cli/commands/event.js";
import { hubCommand } from "#cli/commands/hub.js";
import { modelCommand } from "#cli/commands/model.js";
import { operatorCommand } from "#cli/commands/operator.js";
import { resultCommand } from "#cli/commands/result.js";
import { runCommand } from "#cli/commands/run.js";
import { siteCommand } from "#cli/commands/site.js";
import { trainCommand } from "#cli/commands/train.js";
import { workflowCommand } from "#cli/commands/workflow.js";

const groups = [
  demoCommand,
  hubCommand,
  siteCommand,
  agentCommand,
  trainCommand,
  workflowCommand,
  runCommand,
  eventCommand,
  resultCommand,
  modelCommand,
  operatorCommand,
];

const head = `# Commands

Everything is one command, \`comity\`. \`comity --help\` and \`comity COMMAND --help\` say the same as this page; \`comity --version\`
shows the version.

- Answers go to standard output, notes and errors to standard error. With \`--json\` an answer is JSON and nothing else.
- \`--hub FILE\` names the [profile](configuration.md#operatorjson) of an operator. Without it \`$COMITY_HOME/operator.json\` is taken,
  else \`~/.comity/operator.json\`.
- An error has a [code](errors.md) and an [exit code](exit-codes.md).
`;

/** docs/reference/cli.md, from the commands themselves. `node scripts/cli-docs.mjs` writes it; a test compares. */
export function cliReference(): string {
  const sections = groups.flatMap((make) => {
    const group = make();
    return group.commands.length === 0 ? [sectionOf(group)] : group.commands.map(sectionOf);
  });
  return `${head}\n${sections.join("\n")}`;
}

function sectionOf(command: Command): string {
  const path = pathOf(command);
  const rows = [
    ...command.registeredArguments.map(argumentRow),
    ...command.options.filter(({ hidden }) => !hidden).map(optionRow),
  ];
  const table = ["| | |", "| --- | --- |", ...rows].join("\n");
  const examples = examplesOf(command).join("\n");
  return [
    `## ${path}\n`,
    `${sentence(command.description())}\n`,
    `\`${path} ${command.usage()}\`\n`,
    ...(rows.length > 0 ? [`${table}\n`] : []),
    `\`\`\`sh\n${examples}\n\`\`\`\n`,
  ].join("\n");
}

/** A summary as a sentence; what is one stays as it is. */
const sentence = (text: string): string =>
  /^[a-z]/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : text;

function pathOf(command: Command): string {
  const names: string[] = [];
  for (let part: Command | null = command; part !== null; part = part.parent) names.unshift(part.name());
  return ["comity", ...names].join(" ");
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

const argumentRow = (argument: Argument): string =>
  `| \`${cell(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`)}\` | ${cell(argument.description)} |`;

function optionRow({ flags, description, argChoices, defaultValue, mandatory }: Option): string {
  const choices =
    argChoices === undefined ? "" : `; one of ${argChoices.map((one) => `\`${one}\``).join(", ")}`;
  const plain = typeof defaultValue === "string" || typeof defaultValue === "number";
  // Where the default is told in words, the value is only a sign for it.
  const told = !plain || defaultValue === "" || description.includes("(default");
  return `| \`${cell(flags)}\` | ${cell(description)}${choices}${told ? "" : ` (default: \`${defaultValue}\`)`}${mandatory ? "; must be given" : ""} |`;
}

/** The lines after "Example:" in the command's own help. */
function examplesOf(command: Command): string[] {
  let help = "";
  command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  return [...help.matchAll(/^ {2}\$ (.*)$/gm)].flatMap(([, line]) => (line === undefined ? [] : [line]));
}
