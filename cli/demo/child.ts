import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ComityError } from "#kernel/errors.js";
import { sleep } from "#kernel/async.js";

const comity = fileURLToPath(new URL("../main.js", import.meta.url));
const readyWithinMs = 60_000;

/** A `comity` process that the demo started: `hub start` or `agent start`. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #logFile: string;
  /** Resolves when the process has ended, however it ended. */
  readonly ended: Promise<void>;

  private constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name;
    this.#process = child;
    this.#logFile = logFile;
    this.ended = once(child, "exit").then(() => undefined);
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

  /** SIGKILL: no good-bye, as when the power fails. */
  async kill(): Promise<void> {
    if (this.running) this.#process.kill("SIGKILL");
    await this.ended;
  }

  /** Stops in good order, and by force when that takes longer than `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (!this.running) return;
    this.#process.kill("SIGTERM");
    const waiting = new AbortController();
    await Promise.race([this.ended, sleep(graceMs, waiting.signal)]);
    waiting.abort();
    await this.kill();
  }

  /** For the very last moment of the demo's own process, where nothing can be waited for. */
  killNow(): void {
    if (this.running) this.#process.kill("SIGKILL");
  }
}

function lastLine(file: string): string {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return (
    (lines.findLast((line) => line.startsWith("error ")) ?? lines.at(-1) ?? "").slice(0, 500) ||
    "it said nothing."
  );
}
