import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchChild } from "./child.js";

/** What a measurement may use: a folder, child processes, and a voice. Whatever happens, none of them outlives it. */
export class Bench {
  readonly directory: string;
  readonly #children = new Set<BenchChild>();
  readonly #kept = new Map<string, Promise<unknown>>();
  #folders = 0;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** In the system's folder for temporary files; `TMPDIR` chooses another disk. */
  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), "comity-bench-")));
  }

  /** A fresh folder. */
  async folder(name: string): Promise<string> {
    const path = join(this.directory, `${name}-${++this.#folders}`);
    await mkdir(path, { mode: 0o700 });
    return path;
  }

  /** Starts a Node script as a process of its own, and waits for its line `{"event":"ready",…}`. */
  async start(script: URL, words: readonly string[] = []): Promise<BenchChild> {
    const child = new BenchChild(script, words);
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    await child.next("ready");
    return child;
  }

  /** Two figures of one measurement: it is made once. */
  once<T>(name: string, measure: () => Promise<T>): Promise<T> {
    const kept = (this.#kept.get(name) as Promise<T> | undefined) ?? measure();
    this.#kept.set(name, kept);
    return kept;
  }

  /** Tells how far it is, on standard error. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Ends every process and removes every file. */
  async close(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.kill()));
    await rm(this.directory, { recursive: true, force: true });
  }

  /** {@link close} for the very last moment of this process. */
  closeNow(): void {
    for (const child of this.#children) child.killNow();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
