import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ComityError } from "#kernel/errors.js";
import { hashBytes, makeDirectory } from "#kernel/files.js";
import type { SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { completeEvent, maxEventBytes, parseEvent } from "#proto/codec/cloud-event.js";
import { FolderWatch, Settling, type Taken } from "./folder-watch.js";
import type { EventJournal } from "./journal.js";

interface Parts {
  /** The folder; made if it is not there. */
  readonly path: string;
  readonly site: SiteId;
  readonly journal: EventJournal;
  readonly log: Log;
  /** An event waits in the journal. */
  readonly added: () => void;
}

/** The folder `events`: each file NAME.json in it is an event, which is gone when the journal has it. A bad one goes to `events/refused`. */
export class EventInbox {
  readonly #parts: Parts;
  readonly #settling = new Settling();
  #watch: FolderWatch | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const { path, journal, log } = this.#parts;
    await makeDirectory(path);
    const files = {
      names: () => this.#names(),
      hasRoom: () => journal.hasRoom,
      take: (name: string) => this.#take(name),
    };
    this.#watch = new FolderWatch(path, files, log);
  }

  /** A receipt has come: files that had to wait for one are looked at again. */
  lookAgain(): void {
    this.#watch?.lookAgain();
  }

  async close(): Promise<void> {
    await this.#watch?.close();
  }

  /** Keeps what is no event, or what the hub does not take, where people find it, with the reason beside it. */
  async refuse(name: string, reason: string, content: { file: string } | { text: string }): Promise<void> {
    const { path, log } = this.#parts;
    const refused = join(path, "refused");
    await makeDirectory(refused);
    await writeFile(join(refused, `${name}.reason.txt`), `${reason}\n`);
    if ("file" in content) await rename(content.file, join(refused, name));
    else await writeFile(join(refused, name), content.text);
    log.warn({ file: join(refused, name) }, `an event was refused: ${reason}`);
  }

  async #names(): Promise<readonly string[]> {
    const names = await readdir(this.#parts.path);
    const events = names.filter((name) => name.endsWith(".json") && !name.startsWith("."));
    this.#settling.keep(events);
    return events;
  }

  async #take(name: string): Promise<Taken> {
    const { journal, added, site } = this.#parts;
    const file = join(this.#parts.path, name);
    const info = await stat(file).catch(() => undefined);
    if (info === undefined || !info.isFile()) return "done";
    let event: { readonly id: string; readonly body: string };
    try {
      if (info.size > maxEventBytes)
        throw new ComityError("EVENT_INVALID", "The event is larger than 256 KiB.");
      const text = await readFile(file, "utf8");
      // The same for this file whenever it is read: should it be read twice, it is one event.
      const id = hashBytes(`${name}\n${info.mtimeMs}\n${text}`);
      const whole = completeEvent(parseEvent(text), { id, source: `//${site}`, nowMs: info.mtimeMs });
      event = { id: whole.id, body: JSON.stringify(whole) };
    } catch (thrown) {
      if (!(thrown instanceof ComityError)) throw thrown;
      // It may be half written.
      if (!this.#settling.isSettled(name, info)) return "waiting";
      await this.refuse(name, [thrown.message, thrown.hint].filter(Boolean).join(" "), { file });
      return "done";
    }
    // Another event of this id is on its way.
    if (!journal.accept(event, Date.now())) return "held";
    await rm(file, { force: true });
    added();
    return "done";
  }
}
