import { Command, type CommanderError, InvalidArgumentError, Option } from "commander";
import { ComityError } from "#kernel/errors.js";
import { listWords } from "#kernel/words.js";

interface CommandText {
  /** One line for the list of commands. */
  readonly summary: string;
  /** More, for the command's own help. */
  readonly description?: string;
  /** Whole command lines that work. */
  readonly examples: readonly string[];
}

/** A command of `comity`: its help closes with examples, and wrong use throws `USAGE` with the right form as its hint. */
export function command(name: string, { summary, description, examples }: CommandText): Command {
  const made = new Command(name)
    .summary(summary)
    .description(description ?? summary)
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      "after",
      `\n${examples.length > 1 ? "Examples" : "Example"}:\n${examples.map((line) => `  $ ${line}`).join("\n")}`,
    );
  return made.exitOverride((fault) => {
    throw fault.exitCode === 0 || fault.code === "commander.help" ? fault : wrongUse(fault, made);
  });
}

/** `--json`, for commands that read. */
export const jsonOption = (): Option => new Option("--json", "print JSON, for programs");

/** `--hub FILE`, for commands that call a hub. */
export const hubOption = (): Option =>
  new Option(
    "--hub <file>",
    "operator profile of the hub (default: $COMITY_HOME/operator.json, else ~/.comity/operator.json)",
  );

/** Parses a whole number within bounds, for an option or argument. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Gathers `--label key=value` given several times. */
export function keyValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("It must be key=value.");
  return { ...before, [key]: value };
}

/** A span of time such as `30m` or `2h`, in seconds. */
export function seconds(text: string): number {
  const [, digits, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? [];
  if (digits === undefined)
    throw new InvalidArgumentError("It must be a span of time such as 90s, 30m or 2h.");
  return Number(digits) * (unit === "h" ? 3600 : unit === "m" ? 60 : 1);
}

function wrongUse(fault: CommanderError, at: Command): ComityError {
  const message = fault.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  const names: string[] = [];
  for (let part: Command | null = at; part !== null; part = part.parent) names.unshift(part.name());
  const path = names.join(" ");
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return new ComityError("USAGE", /[.?)]$/.test(sentence) ? sentence : `${sentence}.`, {
    hint:
      at.commands.length > 0 && !message.includes("Did you mean")
        ? `There ${at.commands.length === 1 ? "is" : "are"} ${listWords(at.commands.map((one) => `\`${path} ${one.name()}\``))}.`
        : `The right form is \`${path} ${at.usage()}\`; \`${path} --help\` tells more.`,
    cause: fault,
  });
}
