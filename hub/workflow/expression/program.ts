import type { Json } from "#kernel/json.js";
import { expressionLimits } from "./limits.js";
import type { Uncompilable } from "./model.js";

/** One expression with the variables that it names. */
export interface Part {
  readonly text: string;
  readonly names: readonly string[];
}

/** The expressions of an ask, or some of them, ready for jq. */
export interface Piece {
  /** JSON: `i` is the input, `v` has the variables. */
  readonly data: string;
  readonly nowMs: number;
  readonly parts: readonly Part[];
}

/**
 * What jq could learn of the machine, the clock or its own standard input is hidden behind definitions of the same name, so
 * that the same input gives the same answer on every hub. All on one line: the expression begins on the second one.
 */
const prelude = [
  "{} as $ENV | def env: {};",
  'def input: error("there is no further input");',
  "def inputs: empty; def input_filename: null; def input_line_number: 0;",
  "def debug: .; def debug(m): (m | empty), .; def stderr: .;",
  'def halt: error("halt is not available"); def halt_error: halt; def halt_error(c): halt;',
  "def localtime: gmtime; def strflocaltime(f): strftime(f);",
  'def get_search_list: []; def modulemeta: error("there are no modules");',
].join(" ");

const nameShape = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The variables of `defined` that an expression names; what has no name in jq cannot be named. */
export function namesIn(text: string, defined: readonly string[]): readonly string[] {
  if (!text.includes("$")) return [];
  const named = new Set([...text.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g)].map(([, name]) => name));
  return defined.filter(
    (name) => named.has(name) && name !== "__loc__" && name !== "ENV" && nameShape.test(name),
  );
}

/** A program that only compiles the expression. Nothing follows the expression, so that it cannot end what was opened before it. */
export function checkProgram({ text, names }: Part): string {
  const bindings = names.map((name) => `null as $${name} | `).join("");
  return `${prelude} def now: 0; ${bindings}empty |\n${text}`;
}

/**
 * One program for all expressions of some asks: about one millisecond for jq's start, however many there are. It gives one line
 * each: `[answer]`, `[]` for none, `{"e": …}` for an error. The variables are bound for each expression anew, because jq's
 * private `$$$$name` takes a variable away.
 */
export function batchProgram(pieces: readonly Piece[]): string {
  const blocks = pieces.flatMap(({ nowMs, parts }, index) =>
    parts.map(({ text, names }) => {
      const bindings = names.length === 0 ? "" : `.v as {${names.map((name) => `$${name}`).join(", ")}} | `;
      return `(.[${index}] | ${bindings}.i | def now: ${nowMs / 1000}; try [first((\n${text}\n))] catch {e: .})`;
    }),
  );
  return `${prelude} ${blocks.join(", ")}`;
}

/** What a line of {@link batchProgram} says. */
export function answerOf(line: string): { readonly value: Json } | { readonly error: string } {
  const said = JSON.parse(line) as readonly [Json?] | { readonly e: Json };
  if (Array.isArray(said)) return { value: (said as readonly [Json?])[0] ?? null };
  const { e } = said as { readonly e: Json };
  return { error: typeof e === "string" ? e : JSON.stringify(e) };
}

/** jq's complaint about a {@link checkProgram}, with the position inside the expression. */
export function complaint(stderr: string): Uncompilable {
  const [first = ""] = stderr.split("\n");
  const said = first.replace(/^jq: error: /, "");
  const variable = /^\$(\w+) is not defined/.exec(said)?.[1];
  const why = said
    .replace(/ at <top-level>, line (\d+), column (\d+):?$/, (_, line: string, column: string) => {
      // At the end of an empty expression jq points at the line before it.
      return Number(line) < 2 ? " (line 1, column 1)" : ` (line ${Number(line) - 1}, column ${column})`;
    })
    .slice(0, expressionLimits.maxMessage);
  return { why, ...(variable === undefined ? {} : { variable }) };
}
