import { type Logger, pino } from "pino";

export type Log = Logger;

/** Names of fields that never reach a log, at whatever depth up to three. */
const secretNames = ["token", "key", "privateKey", "authorization", "secret", "password", "pem"];

/** A JSON logger on standard error. `level` as in pino: `trace`, `debug`, `info`, `warn`, `error`, `silent`. */
export function createLog(name: string, level = "info"): Log {
  const paths = secretNames.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  return pino({ name, level, redact: { paths, censor: "[secret]" }, base: { name } }, pino.destination({ dest: 2, sync: true }));
}

export const silentLog: Log = pino({ level: "silent" });
