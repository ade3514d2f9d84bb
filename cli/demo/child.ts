import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";

const comity = fileURLToPath(new URL("../main.js", import.meta.url));
const readyWithinMs = 60_000;

/** A `comity` process that the demo started: `hub start` or `agent start`. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #logFile: string;
  #told = false;
  /** Resolves when the process has ended, however it ended. */
  readonly ended: Promise<void>;

  private constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name;
    this.#process = child;
    this.#logFile = logFile;
    this.ended = new Promise((resolve) => {
      child.once("exit", () => resolve()).once("error", () => resolve());
    });
  }

  /**
   * Starts `comity` with these words. The process ends by itself when its standard input closes, and so when the demo is
   * gone for whatever reason; a group of its own keeps the terminal's Ctrl-C from it, so that the demo stops it in good order.
   */
  static start(name: string, words: readonly string[], logFile: string): Child {
    const log = openSync(logFile, "a", 0o600);
    try {
      const child = spawn(process.execPath, [comity, ...words, "--log", "json", "--exit-with-parent"], {
        stdio: ["pipe", "pipe", log],
        detached: true,
      });
      // A write to a process that has just died must not end the demo.
      child.stdin?.on("error", () => undefined);
      return new Child(name, child, logFile);
    } finally {
      closeSync(log);
    }
  }

  /** Its process id. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Waits for the line `{"event":"ready",…}`. Throws when the process ends before. */
  async ready(signal: AbortSignal): Promise<void> {
    const { stdout } = this.#process;
    if (stdout === null) return;
    const lines = createInterface({ input: stdout });
    const isReady = new Promise<true>((resolve) => {
      lines.on("line", (line) => {
        if (line.includes('"event":"ready"')) resolve(true);
      });
    });
    const timeout = new AbortController();
    const given = AbortSignal.any([signal, timeout.signal]);
    const late = sleep(readyWithinMs, given).then(() => false as const);
    const outcome = await Promise.race([isReady, this.ended.then(() => false as const), late]);
    timeout.abort();
    signal.throwIfAborted();
    if (outcome) return;
    throw new ComityError(
      "INTERNAL",
      `The process of ${this.name} did not come up: ${lastLine(this.#logFile)}`,
    );
  }

  /** Calls back when the process ends and nobody told it to, with the last it said. */
  onUnexpectedEnd(callback: (lastWords: string) => void): void {
    void this.ended.then(() => {
      if (!this.#told) callback(lastLine(this.#logFile));
    });
  }

  /** SIGKILL: no good-bye, as when the power fails. */
  async kill(): Promise<void> {
    this.killNow();
    await this.ended;
  }

  /** Stops in good order, and by force when that takes longer than `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (!this.running) return;
    this.#told = true;
    this.#process.kill("SIGTERM");
    const waiting = new AbortController();
    await Promise.race([this.ended, sleep(graceMs, waiting.signal)]);
    waiting.abort();
    await this.kill();
  }

  /** For the very last moment of the demo's own process, where nothing can be waited for. */
  killNow(): void {
    this.#told = true;
    if (this.running) this.#process.kill("SIGKILL");
  }
}

/**
 * Runs one `comity` command to its end, with `input` on its standard input, and gives back what it printed.
 * Throws when it fails, with its own words.
 */
export async function runComity(
  words: readonly string[],
  { input = "", env = {}, signal }: { input?: string; env?: Record<string, string>; signal: AbortSignal },
): Promise<string> {
  const child = spawn(process.execPath, [comity, ...words], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
    signal,
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("exit", resolve).once("error", reject);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  if (code === 0) return stdout;
  throw new ComityError("INTERNAL", `\`comity ${words.join(" ")}\` failed: ${lastWords(stderr)}`);
}

const lastLine = (file: string): string => lastWords(readFileSync(file, "utf8"));

function lastWords(said: string): string {
  const lines = said.trim().split("\n");
  return (
    (lines.findLast((line) => line.startsWith("error ")) ?? lines.at(-1) ?? "").slice(0, 500) ||
    "it said nothing."
  );
}
