import { type Logger, pino } from "pino";

export type Log = Logger;

/** Names of fields that never reach a log, at whatever depth up to three. */
const secretNames = ["token", "key", "privateKey", "authorization", "secret", "password", "pem"];

/** Where the lines of a log go; each is one JSON object and its line end. */
export interface LogDestination {
  write(line: string): void;
}

/** A JSON logger, on standard error by default. `level` as in pino: `trace`, `debug`, `info`, `warn`, `error`, `silent`. */
export function createLog(
  name: string,
  level = "info",
  destination: LogDestination = pino.destination({ dest: 2, sync: true }),
): Log {
  const paths = secretNames.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  return pino({ name, level, redact: { paths, censor: "[secret]" }, base: { name } }, destination);
}

export const silentLog: Log = pino({ level: "silent" });
