import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

export interface CliOutcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `comity` as a process of its own. Nothing of this machine's user reaches it: `COMITY_HOME` must be given to be used. */
export async function comity(
  words: readonly string[],
  { input = "", env = {}, cwd }: { input?: string; env?: Record<string, string>; cwd?: string } = {},
): Promise<CliOutcome> {
  const child = spawn(process.execPath, [main, ...words], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", TZ: "UTC", ...env },
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, signal, stdout, stderr };
}
