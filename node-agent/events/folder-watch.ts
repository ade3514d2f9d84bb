import { type FSWatcher, watch } from "node:fs";
import { sleep } from "#kernel/async.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";

/** A file that has not changed for so long is taken for a whole one. */
const quietMs = 2_000;

/** What came of a file: `waiting` when it is still being written, `held` when it has to wait for a receipt. */
export type Taken = "done" | "waiting" | "held";

/** The files of a folder that are of interest, and what is to be done with them. */
interface FolderFiles {
  readonly names: () => Promise<readonly string[]>;
  /** Whether another file may be taken; without room the rest is held. */
  readonly hasRoom: () => boolean;
  readonly take: (name: string) => Promise<Taken>;
}

/** Has a folder looked at whenever the operating system says that something in it has changed; never two looks at once. */
export class FolderWatch {
  readonly #path: string;
  readonly #files: FolderFiles;
  readonly #log: Log;
  readonly #watcher: FSWatcher;
  #looking: Promise<void> | undefined;
  #again = false;
  /** A file has to wait for a receipt. */
  #isHeld = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();

  /** Begins with a look. Throws `CONFIG_INVALID` when the folder cannot be watched. */
  constructor(path: string, files: FolderFiles, log: Log) {
    this.#path = path;
    this.#files = files;
    this.#log = log;
    try {
      this.#watcher = watch(path, () => this.look());
    } catch (cause) {
      throw new ComityError("CONFIG_INVALID", `The folder ${path} cannot be watched.`, {
        hint: "Make the folder, and let the agent read it.",
        cause,
      });
    }
    this.#watcher.on("error", (err) => log.error({ path, err }, "a folder is watched no more"));
    this.look();
  }

  /** Looks now, or once more when the present look has ended. */
  look(): void {
    if (this.#stop.signal.aborted) return;
    this.#again = true;
    this.#looking ??= this.#lookOn().finally(() => {
      this.#looking = undefined;
      if (this.#isWished()) this.look();
    });
  }

  /** A receipt has come: files that had to wait for one are looked at again. */
  lookAgain(): void {
    if (this.#isHeld) this.look();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#watcher.close();
    await this.#looking;
    clearTimeout(this.#timer);
  }

  /** Whether another look is wanted; it changes while the folder is looked at. */
  #isWished(): boolean {
    return this.#again && !this.#stop.signal.aborted;
  }

  #takeWish(): boolean {
    const wished = this.#isWished();
    this.#again = false;
    return wished;
  }

  async #lookThrough(): Promise<"done" | "waiting"> {
    const { names, hasRoom, take } = this.#files;
    const present = await names();
    let found: "done" | "waiting" = "done";
    this.#isHeld = false;
    for (const name of present.toSorted()) {
      this.#isHeld ||= !hasRoom();
      if (!hasRoom()) break;
      const taken = await take(name);
      if (taken === "waiting") found = "waiting";
      if (taken === "held") this.#isHeld = true;
    }
    return found;
  }

  async #lookOn(): Promise<void> {
    while (this.#takeWish()) {
      const sinceMs = performance.now();
      const found = await this.#lookThrough().catch((err: unknown) => {
        this.#log.error({ path: this.#path, err }, "a watched folder could not be read; it is read again");
        return "waiting" as const;
      });
      clearTimeout(this.#timer);
      // A file that grows would have a large folder looked at all the time: half of it is enough.
      if (this.#isWished()) await sleep(performance.now() - sinceMs, this.#stop.signal);
      if (found === "waiting" && !this.#stop.signal.aborted)
        this.#timer = setTimeout(() => this.look(), quietMs);
    }
  }
}

/** Says whether files have come to rest: their size and time have stayed the same. */
export class Settling {
  readonly #seen = new Map<
    string,
    { readonly sizeBytes: number; readonly mtimeMs: number; readonly sinceMs: number }
  >();

  /** Whether the file has not changed for a while; it has to be asked again later when not. */
  isSettled(name: string, { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): boolean {
    const nowMs = performance.now();
    const seen = this.#seen.get(name);
    if (seen !== undefined && seen.sizeBytes === size && seen.mtimeMs === mtimeMs) {
      // A timer may be a little early.
      if (nowMs - seen.sinceMs < quietMs - 50) return false;
      this.#seen.delete(name);
      return true;
    }
    this.#seen.set(name, { sizeBytes: size, mtimeMs, sinceMs: nowMs });
    return false;
  }

  /** Forgets the files that are not there any more. */
  keep(names: readonly string[]): void {
    const there = new Set(names);
    for (const name of this.#seen.keys()) if (!there.has(name)) this.#seen.delete(name);
  }
}
