import { resolve } from "node:path";
import { hashBytes } from "#kernel/files.js";
import type { SiteId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import type { FromAgent } from "#proto/generated/comity/v1/FromAgent.js";
import type { SiteEventReceipt__Output } from "#proto/generated/comity/v1/SiteEventReceipt.js";
import { EventInbox } from "./inbox.js";
import type { EventJournal } from "./journal.js";
import { EventOutbox } from "./outbox.js";
import { WatchedFolder } from "./watched-folder.js";

/** A folder whose new files the hub is told of; see agent.yaml. */
interface WatchRule {
  readonly folder: string;
  readonly type: string;
}

interface Parts {
  /** The agent's folder. */
  readonly dir: string;
  /** The folder `events` in it. */
  readonly inbox: string;
  readonly site: SiteId;
  readonly watch: readonly WatchRule[];
  readonly journal: EventJournal;
  readonly send: (message: FromAgent) => void;
  readonly log: Log;
}

/** The events of a site: from files into the journal, from the journal to the hub. */
export class SiteEvents {
  readonly #parts: Parts;
  readonly #inbox: EventInbox;
  readonly #outbox: EventOutbox;
  #folders: readonly WatchedFolder[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    const { site, journal, send, log } = parts;
    const added = () => this.#outbox.send();
    this.#inbox = new EventInbox({ path: parts.inbox, site, journal, log, added });
    this.#outbox = new EventOutbox({
      journal,
      send,
      log,
      refused: ({ id, body }, reason) =>
        this.#inbox.refuse(`${hashBytes(id).slice(0, 16)}.json`, reason, { text: body }),
      settled: () => {
        this.#inbox.lookAgain();
        for (const folder of this.#folders) folder.lookAgain();
      },
    });
  }

  /** Begins to take files. Throws `CONFIG_INVALID` when a folder cannot be watched. */
  async open(): Promise<void> {
    const { dir, site, watch, journal, log } = this.#parts;
    const folders: WatchedFolder[] = [];
    this.#folders = folders;
    await this.#inbox.open();
    const added = () => this.#outbox.send();
    try {
      for (const { folder, type } of watch) {
        const path = resolve(dir, folder);
        folders.push(new WatchedFolder({ path, folder, type, site, journal, log, added }));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** A session has begun, with a hub that can do these things. */
  sessionOpened(capabilities: readonly string[]): void {
    this.#outbox.opened(capabilities);
  }

  receipt(receipt: SiteEventReceipt__Output): void {
    this.#outbox.receipt(receipt);
  }

  async close(): Promise<void> {
    await Promise.all([this.#inbox.close(), ...this.#folders.map((folder) => folder.close())]);
  }
}
