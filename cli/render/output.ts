import { isatty } from "node:tty";
import { createColors } from "picocolors";

const plainWanted = process.env["NO_COLOR"] !== undefined && process.env["NO_COLOR"] !== "";

/** Whether standard output is a terminal that a person looks at. */
export const isTerminal = isatty(1);

/** Colours for standard output, and for standard error; none where it is no terminal or `NO_COLOR` is set. */
export const colour = createColors(isTerminal && !plainWanted);
export const errorColour = createColors(isatty(2) && !plainWanted);

/** Columns of the terminal; wide where there is none, so that nothing is cut in a pipe. */
export const terminalColumns = (): number => (process.stdout.isTTY ? process.stdout.columns : 10_000);

/** A line on standard output: what the command was asked for. */
export function print(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** A JSON document on standard output, for programs: the one thing that a command with `--json` prints. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Prints an answer: as JSON where `--json` was given, else as `render` writes it for people. */
export function printAnswer<T>(
  { json }: { readonly json?: true },
  value: T,
  render: (value: T) => string,
): void {
  if (json === true) printJson(value);
  else print(render(value));
}

/** One JSON object on one line, for streams of them. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value));
}

/** A line on standard error: what helps a person and is no part of the answer. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A reader that goes away (`comity run list | head -1`) ends the command without a fuss. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
}
