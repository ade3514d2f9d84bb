import { createLog, type Log, type LogDestination } from "#kernel/log.js";
import { printable } from "#kernel/words.js";
import { clock } from "./format.js";
import { errorColour, note } from "./output.js";

/** How a program in the foreground tells what it does: lines for people, or JSON for machines. */
export type LogFormat = "text" | "json";

/** JSON unless standard error is a terminal. */
export const defaultLogFormat = (): LogFormat => (process.stderr.isTTY ? "text" : "json");

/** The log of a program in the foreground. */
export function programLog(name: string, format: LogFormat, level: string): Log {
  return format === "json" ? createLog(name, level) : createLog(name, level, peopleDestination(note));
}

/** Turns pino's JSON lines into `14:03:09  site acme/berlin is online`, with the level where it is a warning or worse. */
export function peopleDestination(write: (text: string) => void): LogDestination {
  return { write: (line) => write(peopleLine(line)) };
}

/** What pino writes, as far as people want to see it. */
interface LogRecord {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

const hidden = new Set(["level", "time", "name", "msg", "err", "pid", "hostname"]);

function peopleLine(line: string): string {
  const record = JSON.parse(line) as LogRecord;
  const mark =
    record.level >= 50 ? errorColour.red("error ") : record.level >= 40 ? errorColour.yellow("warning ") : "";
  const fields = Object.entries(record)
    .filter(([key]) => !hidden.has(key))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  const text = [record.msg, record.err?.message]
    .filter((part) => part !== undefined && part !== "")
    .join(": ");
  const at = errorColour.dim(clock(new Date(record.time)));
  return `${at}  ${mark}${printable(text)}${fields === "" ? "" : `  ${errorColour.dim(printable(fields))}`}`;
}
