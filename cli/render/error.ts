import { ComityError } from "#kernel/errors.js";
import { errorColour, note } from "./output.js";

/** An error for people: `error CODE: sentence`, then `hint: what to do`. */
export function errorLines(error: ComityError, colours = errorColour): string[] {
  const lines = [`${colours.red(`error ${error.code}:`)} ${error.message}`];
  const hint =
    error.hint ??
    (error.code === "INTERNAL" ? "This is a fault of Comity's own. COMITY_DEBUG=1 shows where." : undefined);
  if (hint !== undefined) lines.push(`${colours.cyan("hint:")} ${hint}`);
  if (process.env["COMITY_DEBUG"] !== undefined) lines.push(debugText(error));
  return lines;
}

/** Prints any thrown thing on standard error and gives the exit code of its kind. */
export function reportError(thrown: unknown): number {
  const error = ComityError.from(thrown);
  for (const line of errorLines(error)) note(line);
  return error.kind.exit;
}

function debugText(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${debugText(error.cause)}` : "";
  return (error.stack ?? error.message) + cause;
}
