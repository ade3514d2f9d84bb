import { randomUUID, X509Certificate } from "node:crypto";
import type { HubDatabase } from "#hub/store/database.js";
import { appendEvents } from "#hub/store/events.js";
import type { Db } from "#hub/store/schema.js";
import type { Clock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import type { Log } from "#kernel/log.js";
import { nameFolder, readBlobsRecord, readFolderRecord, type StorePaths } from "./files.js";
import { FolderMark } from "./folder-mark.js";
import { judge, type PartNames, refuseOlder } from "./judge.js";
import type { Belonging, FolderRecord, Found, FoundDatabase, StoreRow } from "./model.js";
import { findStoreRow, runsThatKnewMore, takeSeat } from "./rows.js";
import { Seat } from "./seat.js";

/** What a hub holds while it has a store. */
export interface Hold {
  readonly seat: Seat;
  /** Gives it up, in good order. */
  close(): Promise<void>;
}

interface Parts {
  readonly paths: StorePaths;
  readonly names: PartNames;
  /** The root of the hub's authority, PEM: whose sites are in the rows? */
  readonly root: string | undefined;
  /** An older database is meant. */
  readonly acceptOlder: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly onLost: (error: ComityError) => void;
}

/** The way of a hub to its store: first it looks whether folder, blobs and database belong together, then it takes the rows. */
export class Admission {
  readonly #parts: Parts;
  readonly #folder: FolderRecord | undefined;
  readonly #blobs: Found["blobs"];
  #belonging: Belonging | undefined;

  private constructor(parts: Parts, folder: FolderRecord | undefined, blobs: Found["blobs"]) {
    this.#parts = parts;
    this.#folder = folder;
    this.#blobs = blobs;
  }

  /** Reads what the folders say. Throws `STORE_DAMAGED`. */
  static async begin(parts: Parts): Promise<Admission> {
    const { paths } = parts;
    return new Admission(parts, await readFolderRecord(paths), await readBlobsRecord(paths));
  }

  /** Before anything is written to the database. Throws `STORE_MISSING`, `STORE_FOREIGN` or `STORE_OLDER`. */
  admit(database: FoundDatabase): void {
    const { names, root, acceptOlder } = this.#parts;
    if (database.is === "unnamed") checkChain(database.chain, root, names);
    const belonging = judge({ folder: this.#folder, blobs: this.#blobs, database }, names);
    if (belonging.behind !== undefined && !acceptOlder) throw refuseOlder(belonging.behind, names);
    this.#belonging = belonging;
  }

  /** Takes the rows, whose schema is up to date now: from its commit on, no other hub writes. */
  async take({ db, dialect }: HubDatabase): Promise<Hold> {
    const { paths, names, clock, log, onLost } = this.#parts;
    const belonging = this.#belonging;
    if (belonging === undefined) throw new ComityError("INTERNAL", "The database has not been looked at.");
    const { storeId, behind } = belonging;
    await nameFolder(paths, storeId);
    const row = await db.transaction().execute(async (tx): Promise<StoreRow> => {
      const mark = Math.max((await findStoreRow(tx))?.mark ?? 0, this.#folder?.mark ?? 0) + 1;
      const taken = { storeId, seat: randomUUID(), mark, markedAtMs: clock.nowMs() };
      await takeSeat(tx, taken);
      if (behind !== undefined) await this.#markRuns(tx);
      return taken;
    });
    if (behind !== undefined)
      log.warn({ ...behind }, "the database is older than its folder: the hub was told to go on with it");
    else if (this.#folder === undefined) log.info({ storeId }, "the store has an identity now");
    const seat = new Seat({ row, name: names.database, clock, onLost });
    // What was known of the runs is of a time that is not to come back.
    const runs = behind === undefined ? (this.#folder?.runs ?? new Map()) : new Map();
    const mark = await new FolderMark({ paths, db, dialect, seat, clock, log, runs }).open();
    return { seat, close: () => mark.close() };
  }

  async #markRuns(db: Db): Promise<void> {
    const { clock, log } = this.#parts;
    const { behind, unknown } = await runsThatKnewMore(db, this.#folder?.runs ?? new Map());
    const events = [...behind].map(([runId, missing]) => {
      const text = `The hub's database was put back to an older one: ${missing} ${missing === 1 ? "event" : "events"} of this run ${missing === 1 ? "is" : "are"} missing.`;
      return { runId, type: "run.rewound" as const, text, data: { missing } };
    });
    if (events.length > 0) await appendEvents(db, events, clock.nowMs());
    if (unknown.length > 0) log.warn({ runs: unknown }, "these runs are not in the older database");
  }
}

/** A database from before stores had an identity is known by its sites: their certificates are of the hub's own authority. */
function checkChain(chain: string | undefined, root: string | undefined, { dir, database }: PartNames): void {
  if (chain === undefined || root === undefined) return;
  const issuing = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.at(-1);
  const key = new X509Certificate(root).publicKey;
  if (issuing === undefined || new X509Certificate(issuing).verify(key)) return;
  throw new ComityError(
    "STORE_FOREIGN",
    `The database ${database} belongs to another hub: the sites in it have certificates of another authority than that of ${dir}.`,
    { hint: "Put together what was one hub: its folder, its blobs and its database, of one backup." },
  );
}
