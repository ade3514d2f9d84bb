import { Argument, type Command, Option } from "commander";
import { command, hubOption, jsonOption, wholeNumber } from "../command.js";
import { type HubOptions, withHub } from "../hub.js";
import { note, printAnswer, printJson } from "../render/output.js";
import { renderOperators } from "../render/result.js";

const roles = ["admin", "coordinator", "steward", "auditor", "viewer"];

/** `comity operator …` */
export function operatorCommand(): Command {
  const operator = command("operator", {
    summary: "add, list and remove operators",
    examples: ["comity operator add anna --role viewer > anna.json", "comity operator list"],
  });
  return operator.addCommand(add()).addCommand(list()).addCommand(remove());
}

const add = (): Command =>
  command("add", {
    summary: "give a person access, and print the profile for it",
    description:
      "Prints an operator profile (JSON) on standard output: where the hub is, its root certificate, and a token that is shown only this once.",
    examples: ["comity operator add anna --role viewer > anna.json", "comity run list --hub anna.json"],
  })
    .addArgument(new Argument("<name>", "the operator's name"))
    .addOption(new Option("--role <role>", "what the operator may do").choices(roles).makeOptionMandatory())
    .option(
      "--ttl-days <days>",
      "how long the token works, at most 366 (default: 90)",
      wholeNumber(1, 366),
      0,
    )
    .addOption(hubOption())
    .action(async (name: string, options: HubOptions & { role: string; ttlDays: number }) => {
      const { token, operator } = await withHub(options, (hub) =>
        hub.addOperator({ name, role: options.role, ttlDays: options.ttlDays }),
      );
      note(
        `The profile of ${operator?.name ?? name}; keep it secret. Use it with --hub FILE, or as ~/.comity/operator.json.`,
      );
      const { readProfile } = await import("#client/profile.js");
      const { address, root, proxy } = await readProfile(options.hub);
      printJson({ address, root, token, name, ...(proxy !== undefined && { proxy }) });
    });

const list = (): Command =>
  command("list", { summary: "list all operators", examples: ["comity operator list --json"] })
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (options: HubOptions & { json?: true }) => {
      const { operators } = await withHub(options, (hub) => hub.listOperators());
      printAnswer(options, operators, renderOperators);
    });

const remove = (): Command =>
  command("remove", { summary: "take an operator's access away", examples: ["comity operator remove anna"] })
    .argument("<name>", "the operator's name")
    .addOption(hubOption())
    .addOption(jsonOption())
    .action(async (name: string, options: HubOptions & { json?: true }) => {
      const operator = await withHub(options, (hub) => hub.removeOperator({ name }));
      printAnswer(options, operator, () => `${operator.name} has no access any more.`);
    });
