import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "#kernel/files.js";
import { newOpId, type SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { completeEvent } from "#proto/codec/cloud-event.js";
import { FolderWatch, Settling, type Taken } from "./folder-watch.js";
import type { EventJournal } from "./journal.js";

interface Parts {
  readonly path: string;
  /** The folder as agent.yaml names it. */
  readonly folder: string;
  readonly type: string;
  readonly site: SiteId;
  readonly journal: EventJournal;
  readonly log: Log;
  /** An event waits in the journal. */
  readonly added: () => void;
}

/**
 * Tells the hub of each new file in a folder: its name, size and digest, never its content. A file is told of when it has come to rest,
 * once, however often the agent starts; again when its content has changed, or when it was gone and has come back.
 */
export class WatchedFolder {
  readonly #parts: Parts;
  readonly #settling = new Settling();
  readonly #watch: FolderWatch;

  /** Throws `CONFIG_INVALID` when the folder cannot be watched. */
  constructor(parts: Parts) {
    this.#parts = parts;
    const files = {
      names: () => this.#names(),
      hasRoom: () => parts.journal.hasRoom,
      take: (name: string) => this.#tell(name),
    };
    this.#watch = new FolderWatch(parts.path, files, parts.log);
  }

  /** A receipt has come: files that had to wait for one are looked at again. */
  lookAgain(): void {
    this.#watch.lookAgain();
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  async #names(): Promise<readonly string[]> {
    const { path, folder, journal } = this.#parts;
    const entries = await readdir(path, { withFileTypes: true });
    const names = entries.flatMap((entry) => (entry.isFile() && isWhole(entry.name) ? [entry.name] : []));
    journal.keepFiles(folder, names);
    this.#settling.keep(names);
    return names;
  }

  async #tell(name: string): Promise<Taken> {
    const { path, folder, type, site, journal, added } = this.#parts;
    const file = join(path, name);
    const info = await stat(file).catch(() => undefined);
    if (info === undefined) return "done";
    const known = journal.findFile(folder, name);
    if (known?.sizeBytes === info.size && known.mtimeMs === info.mtimeMs) return "done";
    if (!this.#settling.isSettled(name, info)) return "waiting";
    const sha256 = await hashFile(file);
    const after = await stat(file).catch(() => undefined);
    if (after?.size !== info.size || after.mtimeMs !== info.mtimeMs) return "waiting";
    const facts = { folder, name, sizeBytes: info.size, mtimeMs: info.mtimeMs, sha256 };
    if (known?.sha256 === sha256) {
      journal.touchFile(facts);
      return "done";
    }
    const data = { folder, name, sizeBytes: info.size, sha256 };
    const given = { type, subject: name, datacontenttype: "application/json", data };
    const event = completeEvent(given, { id: newOpId(), source: `//${site}`, nowMs: info.mtimeMs });
    journal.acceptFile(facts, { id: event.id, body: JSON.stringify(event) }, Date.now());
    added();
    return "done";
  }
}

/** Names that programs give to files that are not finished, or not meant to be seen. */
const isWhole = (name: string): boolean =>
  !name.startsWith(".") && !/(~|\.tmp|\.part|\.partial)$/i.test(name);
