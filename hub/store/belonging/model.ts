import type { RunId, StoreId } from "#kernel/ids.js";

/** The newest event of each run that somebody knew of. */
export type KnownRuns = ReadonlyMap<RunId, number>;

/** What a hub's folder knows of its store: `store.json`. */
export interface FolderRecord {
  readonly storeId: StoreId;
  /** The mark that the database is known to have had, durably. 0: the database has not been made yet. */
  readonly mark: number;
  /** When the database had it, in milliseconds since 1970. */
  readonly markedAtMs: number;
  readonly runs: KnownRuns;
}

/** The row of a database that says which store it is. */
export interface StoreRow {
  readonly storeId: StoreId;
  /** Of the hub that has taken the rows last. */
  readonly seat: string;
  readonly mark: number;
  readonly markedAtMs: number;
}

/** A database as it is found, before anything is written to it. */
export type FoundDatabase =
  /** There is none, or no hub has ever written to it. */
  | { readonly is: "empty" }
  /** It has the rows of a hub from before stores had an identity. `chain`: the newest certificate of a site in it, PEM. */
  | { readonly is: "unnamed"; readonly chain: string | undefined }
  | { readonly is: "named"; readonly row: StoreRow };

/** What there is at a hub's start. */
export interface Found {
  readonly folder: FolderRecord | undefined;
  /** Of the folder with the blobs. */
  readonly blobs: StoreId | undefined;
  readonly database: FoundDatabase;
}

/** How far the database is behind of what the folder knows. */
export interface Behind {
  /** Transactions that are missing. */
  readonly changes: number;
  /** When the newest change of the database was made; undefined where it does not say. */
  readonly databaseAtMs: number | undefined;
  /** Up to when the folder knows of changes. */
  readonly folderAtMs: number;
}

/** What a start may go on with: all parts are of one store. */
export interface Belonging {
  readonly storeId: StoreId;
  /** Whoever put the database back knows of it, if this is there. */
  readonly behind?: Behind;
}
