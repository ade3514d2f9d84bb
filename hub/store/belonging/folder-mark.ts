import type { Dialect } from "#hub/store/database.js";
import type { Db } from "#hub/store/schema.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { RunId } from "#kernel/ids.js";
import type { Log } from "#kernel/log.js";
import { readFolderRecord, type StorePaths, writeFolderRecord } from "./files.js";
import type { KnownRuns } from "./model.js";
import { knownRuns } from "./rows.js";
import type { Seat } from "./seat.js";

/**
 * How far the folder's mark may be behind the database's: a hub that is killed and then finds a database from within its last second
 * does not notice. One that was stopped notices a single change.
 */
const intervalMs = 1_000;

/** Runs under way whose newest event is kept, and the same number of the newest. */
const mostRuns = 1_000;

interface Parts {
  readonly paths: StorePaths;
  readonly db: Db;
  readonly dialect: Dialect;
  readonly seat: Seat;
  readonly clock: Clock;
  readonly log: Log;
  /** What the folder knew before. */
  readonly runs: KnownRuns;
}

/**
 * Has the folder follow the database's mark, so that one which goes back is noticed. It costs a small file once a second while something
 * is written, and nothing in the way of a commit: what is in the folder is durable in the database already.
 */
export class FolderMark {
  readonly #parts: Parts;
  #runs: KnownRuns;
  /** Under way when it was last looked: they may have ended since. */
  #live: readonly RunId[] = [];
  #written = 0;
  #takeBack: () => void = () => undefined;
  #working: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#runs = parts.runs;
  }

  /** Writes it now, and from now on. */
  async open(): Promise<this> {
    await this.#write();
    this.#arm();
    return this;
  }

  /** Writes it for the last time. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#takeBack();
    await this.#working;
    await this.#look();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#takeBack = this.#parts.clock.after(intervalMs, () => {
      this.#working = this.#look().then(() => this.#arm());
    });
  }

  async #look(): Promise<void> {
    const { seat, db, dialect, log } = this.#parts;
    try {
      // No other process can have the file of SQLite: its rows need no look besides the writes.
      if (dialect === "postgres") await seat.check(db);
      else seat.assertHeld();
      if (seat.confirmed.mark !== this.#written) await this.#write();
    } catch (error) {
      // Who has the seat now writes the mark; and a database that is away is told of by those who need it.
      if (!(error instanceof ComityError))
        log.warn({ err: error }, "the mark of the store could not be kept in its folder");
    }
  }

  async #write(): Promise<void> {
    const { paths, db, seat } = this.#parts;
    const { storeId, mark, markedAtMs } = seat.confirmed;
    const { live, all } = await knownRuns(db, mostRuns, this.#live);
    const known = [...new Map([...this.#runs, ...all])].sort(([a], [b]) => (a < b ? 1 : -1));
    this.#runs = new Map(known.slice(0, 3 * mostRuns));
    this.#live = [...live.keys()];
    // Two hubs may see one folder. Whoever comes too late does not turn it back.
    const present = await readFolderRecord(paths);
    if (present === undefined || present.storeId !== storeId || present.mark < mark)
      await writeFolderRecord(paths, { storeId, mark, markedAtMs, runs: this.#runs });
    this.#written = mark;
  }
}
