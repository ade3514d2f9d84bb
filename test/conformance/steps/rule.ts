import type { Json } from "#kernel/json.js";
import { parseValue, Unmet } from "../values.js";
import type { World } from "../world.js";

/** What a step gives besides its pattern. */
export interface StepArgument {
  /** Named groups of the pattern; those that are optional may be absent. */
  readonly words: Readonly<Record<string, string | undefined>>;
  readonly text: string | undefined;
  readonly table: readonly (readonly string[])[] | undefined;
}

/** One step of the vocabulary. */
export interface StepRule {
  /** As a person would write it. */
  readonly form: string;
  readonly pattern: RegExp;
  readonly run: (world: World, argument: StepArgument) => Promise<void> | void;
}

/** A step from its form: `NAME` is a word or something in quotes, `N` a whole number, `a | b` a choice named `choice`, `[…]` may be left out. */
export function step(form: string, run: StepRule["run"]): StepRule {
  const source = form
    .replace(/[.*+?^$()\\]/g, "\\$&")
    .replace(/\[(.*?)\]/g, "(?:$1)?")
    .replace(/\b([A-Z]+)\b/g, (name) => place(name))
    .replace(/\b(\w+(?: \| \w+)+)\b/g, (choice) => `(?<choice>${choice.replaceAll(" | ", "|")})`)
    .replaceAll(" ", "\\s+");
  return { form, pattern: new RegExp(`^${source}$`, "i"), run };
}

const place = (name: string): string => (name === "N" ? "(?<N>\\d+)" : `(?<${name}>"[^"]+"|'[^']+'|\\S+)`);

/** A word that the pattern always has, without quotes around it. */
export function word({ words }: StepArgument, name: string): string {
  const found = words[name] ?? "";
  return /^(['"]).+\1$/.test(found) ? found.slice(1, -1) : found;
}

export const numberIn = (argument: StepArgument, name: string): number => Number(word(argument, name));

/** The doc string, which the step must have. */
export function text({ text: given }: StepArgument): string {
  if (given === undefined) throw new Unmet("The step needs a doc string.");
  return given;
}

/** The doc string as a value; a table of two columns is an object. */
export function value(argument: StepArgument): Json {
  const { table } = argument;
  if (argument.text === undefined && table !== undefined)
    return Object.fromEntries(table.map(([key = "", cell = ""]) => [key, parseValue(cell)]));
  return parseValue(text(argument));
}

/** Names in single or double quotes, with commas between; or, without any, the cells of the table. */
export function names(list: string | undefined, table: StepArgument["table"]): readonly string[] {
  const quoted = [...(list ?? "").matchAll(/'([^']*)'|"([^"]*)"/g)].map(
    ([, one, other]) => one ?? other ?? "",
  );
  return quoted.length > 0 ? quoted : (table ?? []).flat().filter((cell) => cell !== "");
}
