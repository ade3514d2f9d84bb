import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { sleep } from "#kernel/async.js";

/** Which of the two that are mixed: the one of the commit that is given, or this one. */
export type Version = "old" | "new";

/** The built `comity` of each version. */
export type Commands = Readonly<Record<Version, string>>;

const readyWithinMs = 60_000;

/** The built `comity` that this file belongs to. */
export const ownCommand = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** Runs one command to its end and gives what it printed. `home` is where it may keep an operator's profile. */
export async function runCommand(command: string, words: readonly string[], home: string): Promise<string> {
  const env = { ...process.env, COMITY_HOME: home };
  const child = spawn(process.execPath, [command, ...words], { stdio: ["ignore", "pipe", "pipe"], env });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === 0) return stdout;
  throw new Error(`\`comity ${words.slice(0, 2).join(" ")}\` failed: ${stderr.trim()}`);
}

/** A `hub start` or an `agent start` that runs. It is in the group of this process, and ends when this process does. */
export class Program {
  readonly #process: ChildProcess;
  readonly #logPath: string;
  readonly #ended: Promise<void>;

  private constructor(child: ChildProcess, logPath: string) {
    this.#process = child;
    this.#logPath = logPath;
    this.#ended = new Promise((resolve) =>
      child.once("exit", () => resolve()).once("error", () => resolve()),
    );
  }

  /** Resolves when it is ready; throws the end of its log when it does not get there. */
  static async start(command: string, words: readonly string[], logPath: string): Promise<Program> {
    const log = openSync(logPath, "a", 0o600);
    const all = [command, ...words, "--log", "json", "--exit-with-parent"];
    const child = spawn(process.execPath, all, { stdio: ["pipe", "pipe", log] });
    closeSync(log);
    const program = new Program(child, logPath);
    await program.#ready();
    return program;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async #ready(): Promise<void> {
    const { stdout } = this.#process;
    const late = new AbortController();
    const isReady = new Promise<boolean>((resolve) => {
      if (stdout === null) return;
      createInterface({ input: stdout }).on("line", (line) => {
        if (line.includes('"event":"ready"')) resolve(true);
      });
    });
    const over = [this.#ended, sleep(readyWithinMs, late.signal)].map((end) => end.then(() => false));
    const ready = await Promise.race([isReady, ...over]);
    late.abort();
    if (ready) return;
    await this.kill();
    throw new Error(`It did not come up: ${(await readFile(this.#logPath, "utf8")).slice(-2000)}`);
  }
}
