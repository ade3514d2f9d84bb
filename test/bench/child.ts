import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sleep } from "#kernel/async.js";

/** A line that a child has printed: one JSON object. */
export interface ChildLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

const patienceMs = 180_000;
const stopMs = 10_000;

/** A Node process of a measurement. It speaks in lines of JSON, and ends by itself when its standard input closes. */
export class BenchChild {
  readonly #process: ChildProcess;
  readonly #lines: ChildLine[] = [];
  readonly #hearing = new Set<() => void>();
  #said = "";
  /** Resolves when the process has ended, however it ended. */
  readonly ended: Promise<void>;

  constructor(script: URL, words: readonly string[]) {
    const child = spawn(process.execPath, [fileURLToPath(script), ...words], {
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: Ctrl-C reaches the benchmark, which then ends everything in good order.
      detached: true,
    });
    this.#process = child;
    child.stdin.on("error", () => undefined);
    createInterface({ input: child.stdout }).on("line", (line) => this.#hear(line));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    this.ended = new Promise((resolve) => {
      child.once("close", () => resolve()).once("error", () => resolve());
    });
    void this.ended.then(() => this.#wake());
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The first line of this event that nobody has taken yet. Throws when the process ends before it, with its last words, and after `waitMs`. */
  async next(event: string, waitMs = patienceMs): Promise<ChildLine> {
    const endMs = performance.now() + waitMs;
    for (;;) {
      const at = this.#lines.findIndex((line) => line.event === event);
      const [line] = at < 0 ? [] : this.#lines.splice(at, 1);
      if (line !== undefined) return line;
      if (!this.running) throw new Error(`A process ended before it said ${event}: ${this.#said.trim()}`);
      if (performance.now() > endMs) throw new Error(`A process has not said ${event}: ${this.#said.trim()}`);
      await this.#news();
    }
  }

  /** Tells the process to go on: a line on its standard input. */
  tell(word: string): void {
    this.#process.stdin?.write(`${word}\n`);
  }

  /** SIGKILL: no good-bye, as when the power fails. */
  async kill(): Promise<void> {
    this.killNow();
    await this.ended;
  }

  killNow(): void {
    if (this.running) this.#process.kill("SIGKILL");
  }

  /** Stops in good order, by force after 10 s. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const waiting = new AbortController();
    await Promise.race([this.ended, sleep(stopMs, waiting.signal)]);
    waiting.abort();
    await this.kill();
  }

  async #news(): Promise<void> {
    const waiting = new AbortController();
    const heard = new Promise<void>((resolve) => {
      this.#hearing.add(resolve);
    });
    await Promise.race([heard, sleep(1000, waiting.signal)]);
    waiting.abort();
  }

  #hear(text: string): void {
    this.#lines.push(JSON.parse(text) as ChildLine);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#hearing) resolve();
    this.#hearing.clear();
  }
}

/** For a child: says one line. */
export function say(line: ChildLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** For a child: resolves when it is told to go on. */
export async function told(): Promise<string> {
  const [line] = (await once(input(), "line")) as [string];
  return line;
}

/** For a child: ends with the process that started it. */
export function endWithParent(): void {
  input().once("close", () => process.exit(0));
}

let reading: ReturnType<typeof createInterface> | undefined;
const input = () => (reading ??= createInterface({ input: process.stdin }));
