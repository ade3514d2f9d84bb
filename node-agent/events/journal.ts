import { z } from "zod";
import { ComityError } from "#kernel/errors.js";
import type { Database } from "#kernel/sqlite.js";

/** Events that may wait for the hub at once; files beyond that stay where they are. */
const maxWaiting = 10_000;

/** An event that the hub has not acknowledged. */
export interface WaitingEvent {
  readonly id: string;
  /** JSON. */
  readonly body: string;
}

/** What tells whether a file of a watched folder is the one that was told of. */
interface FileFacts {
  readonly folder: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

const waitingRows = z.array(z.object({ id: z.string(), body: z.string() }));
const fileRow = z.object({ sizeBytes: z.number(), mtimeMs: z.number(), sha256: z.string() });

/** The events that the hub is owed, in the agent's journal. Every method that changes something returns after the commit is on disk. */
export class EventJournal {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** Whether another event may be taken. */
  get hasRoom(): boolean {
    return Number(this.#statements.count.get()) < maxWaiting;
  }

  /** From now on the hub is owed the event. False when another event of this id is still waiting. */
  accept(event: WaitingEvent, nowMs: number): boolean {
    return this.#write(() => this.#add(event, nowMs));
  }

  /** {@link accept} for the event that tells of a file: both are remembered, or neither. */
  acceptFile(file: FileFacts, event: WaitingEvent, nowMs: number): void {
    this.#write(() => {
      this.#statements.rememberFile.run(file);
      return this.#add(event, nowMs);
    });
  }

  /** What was told of a file. */
  findFile(folder: string, name: string): Pick<FileFacts, "sizeBytes" | "mtimeMs" | "sha256"> | undefined {
    const row = this.#statements.findFile.get(folder, name);
    return row === undefined ? undefined : fileRow.parse(row);
  }

  /** The same content as before, touched. */
  touchFile(file: FileFacts): void {
    this.#write(() => this.#statements.rememberFile.run(file));
  }

  /** Forgets the files of a folder that are not there any more: one that comes again is new. */
  keepFiles(folder: string, names: readonly string[]): void {
    const there = new Set(names);
    const known = z.array(z.string()).parse(this.#statements.filesOf.all(folder));
    const gone = known.filter((name) => !there.has(name));
    if (gone.length === 0) return;
    this.#write(() => {
      for (const name of gone) this.#statements.forgetFile.run(folder, name);
    });
  }

  /** The oldest events that wait. */
  oldest(limit: number): WaitingEvent[] {
    return waitingRows.parse(this.#statements.oldest.all(limit));
  }

  /** The hub has the event, or will never take it. Returns it; undefined when it did not wait. */
  settle(id: string): WaitingEvent | undefined {
    const body = this.#statements.body.get(id);
    if (typeof body !== "string") return undefined;
    this.#write(() => this.#statements.remove.run(id));
    return { id, body };
  }

  #add({ id, body }: WaitingEvent, nowMs: number): boolean {
    const before = this.#statements.body.get(id);
    if (before !== undefined) return before === body;
    this.#statements.insert.run(id, body, nowMs);
    return true;
  }

  #write<T>(change: () => T): T {
    try {
      return this.#statements.transaction.immediate(change) as T;
    } catch (cause) {
      throw ComityError.from(cause);
    }
  }
}

/** The tables of events, as the second version of the journal's schema has brought them. */
export const eventSchema = `
create table events (
  position integer primary key autoincrement,
  id text not null unique,
  body text not null,
  accepted_at_ms integer not null
) strict;
create table watched_files (
  folder text not null,
  name text not null,
  size_bytes integer not null,
  mtime_ms real not null,
  sha256 text not null,
  primary key (folder, name)
) strict, without rowid;
`;

function prepare(database: Database) {
  return {
    transaction: database.transaction((change: () => unknown) => change()),
    count: database.prepare("select count(*) from events").pluck(),
    insert: database.prepare("insert into events (id, body, accepted_at_ms) values (?, ?, ?)"),
    oldest: database.prepare<[number]>("select id, body from events order by position limit ?"),
    body: database.prepare<[string]>("select body from events where id = ?").pluck(),
    remove: database.prepare<[string]>("delete from events where id = ?"),
    rememberFile: database.prepare(
      `insert into watched_files (folder, name, size_bytes, mtime_ms, sha256) values (@folder, @name, @sizeBytes, @mtimeMs, @sha256)
       on conflict (folder, name) do update set size_bytes = @sizeBytes, mtime_ms = @mtimeMs, sha256 = @sha256`,
    ),
    findFile: database.prepare<[string, string]>(
      "select size_bytes as sizeBytes, mtime_ms as mtimeMs, sha256 from watched_files where folder = ? and name = ?",
    ),
    filesOf: database.prepare<[string]>("select name from watched_files where folder = ?").pluck(),
    forgetFile: database.prepare<[string, string]>("delete from watched_files where folder = ? and name = ?"),
  };
}
