import { ComityError } from "#kernel/errors.js";
import { newStoreId, type StoreId } from "#kernel/ids.js";
import type { Behind, Belonging, FolderRecord, Found, FoundDatabase } from "./model.js";

/** What the parts are called, for people. */
export interface PartNames {
  readonly dir: string;
  readonly blobs: string;
  readonly database: string;
}

/**
 * Whether the folder, the blobs and the database of a hub belong together. Throws `STORE_MISSING` where one of them is gone, and
 * `STORE_FOREIGN` where one is another hub's. A part from before stores had an identity gets one only beside a database that has a
 * hub's rows: an empty one beside the keys of a hub is not this hub's.
 */
export function judge({ folder, blobs, database }: Found, names: PartNames): Belonging {
  const row = database.is === "named" ? database.row : undefined;
  if (folder === undefined) {
    if (database.is === "empty") throw missingDatabase(names);
    // Made before it had an identity, or killed while it got one: the blobs have it first.
    if (row === undefined) return { storeId: blobs ?? newStoreId() };
    // Only the folder's own file is lost.
    if (blobs === row.storeId) return { storeId: blobs };
    throw foreign(`The database ${names.database}`, names.dir, row.storeId, blobs);
  }
  const { storeId } = folder;
  if (row !== undefined && row.storeId !== storeId)
    throw foreign(`The database ${names.database}`, names.dir, row.storeId, storeId);
  if (blobs !== undefined && blobs !== storeId)
    throw foreign(`The folder ${names.blobs}`, names.dir, blobs, storeId);
  // The database has not been made yet: whatever is killed in between, the folder is written before and after it.
  if (folder.mark === 0) return { storeId };
  if (database.is === "empty") throw missingDatabase(names);
  if (blobs === undefined) throw missingBlobs(names);
  const behind = howFarBehind(folder, database);
  return behind === undefined ? { storeId } : { storeId, behind };
}

/** Has somebody say that an older database is meant. Throws `STORE_OLDER` with what is missing. */
export function refuseOlder(behind: Behind, { dir, database }: PartNames): ComityError {
  const { changes, databaseAtMs, folderAtMs } = behind;
  const until = databaseAtMs === undefined ? "" : `, which ends at ${isoTime(databaseAtMs)},`;
  const span = databaseAtMs === undefined ? "" : ` (${spanText(folderAtMs - databaseAtMs)} later)`;
  return new ComityError(
    "STORE_OLDER",
    `The database ${database}${until} is older than the folder ${dir}, which knows it up to ${isoTime(folderAtMs)}${span}: ${changes} ${changes === 1 ? "change is" : "changes are"} missing.`,
    {
      hint: "Put the newer database back; or, if the older one is meant, start the hub once with `--accept-older`: the runs that have lost something are marked.",
    },
  );
}

function howFarBehind(folder: FolderRecord, database: FoundDatabase): Behind | undefined {
  const { mark, markedAtMs: folderAtMs } = folder;
  if (database.is === "named" && database.row.mark >= mark) return undefined;
  const row = database.is === "named" ? database.row : undefined;
  return { changes: mark - (row?.mark ?? 0), databaseAtMs: row?.markedAtMs, folderAtMs };
}

const missingDatabase = ({ dir, database }: PartNames): ComityError =>
  new ComityError("STORE_MISSING", `The database ${database} has no rows of the hub in ${dir}.`, {
    hint: "Put the hub's own database back, or correct `database` in hub.yaml. A new hub begins in a new folder: `comity hub init`.",
  });

const missingBlobs = ({ dir, blobs }: PartNames): ComityError =>
  new ComityError("STORE_MISSING", `The folder ${blobs} does not hold the blobs of the hub in ${dir}.`, {
    hint: "Is the disk mounted? Put the hub's own folder of blobs back, with its file store.json.",
  });

function foreign(part: string, dir: string, found: StoreId, own: StoreId | undefined): ComityError {
  const of = own === undefined ? "has no store.json" : `is of ${own}`;
  return new ComityError(
    "STORE_FOREIGN",
    `${part} belongs to another hub: it is of the store ${found}; the folder ${dir} ${of}.`,
    {
      hint: "Put together what was one hub: its folder, its blobs and its database, of one backup. A hub's store.json names its store.",
    },
  );
}

const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** A span of time in its two largest units. */
function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const from = parts.findIndex(([count]) => count > 0);
  if (from < 0) return "0 s";
  return parts
    .slice(from, from + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
