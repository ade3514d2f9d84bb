import { existsSync } from "node:fs";
import { type Clock, systemClock } from "#kernel/clock.js";
import { ComityError } from "#kernel/errors.js";
import { readIfThere } from "#kernel/files.js";
import { type Log, silentLog } from "#kernel/log.js";
import { type HubConfig, hubPaths } from "./config.js";
import { Admission } from "./store/belonging/admission.js";
import { findDatabase } from "./store/belonging/rows.js";
import type { HubDatabase, Look } from "./store/database.js";
import { openPostgres } from "./store/postgres.js";
import { type PostgresAddress, readPostgresAddress } from "./store/postgres-address.js";
import { openSqlite } from "./store/sqlite.js";
import { Store } from "./store/store.js";

/** How a hub opens its rows. */
interface StoreWish {
  readonly dir: string;
  /** Without it: SQLite, in the hub's folder. */
  readonly database: HubConfig["database"];
  /** Whoever starts the hub knows that its database is older than its folder, and means it. */
  readonly acceptOlder?: boolean;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Another hub has the database now, or it is another database. */
  readonly onLost?: (error: ComityError) => void;
}

/**
 * Opens the rows of a hub, for this process alone. Throws `STORE_BUSY`, `STORE_DAMAGED`, `STORE_UNREACHABLE` or `CONFIG_INVALID`; and
 * `STORE_MISSING`, `STORE_FOREIGN` or `STORE_OLDER` where they are not what the folder belongs to, which stay as they are then.
 */
export async function openHubStore({
  dir,
  database,
  acceptOlder = false,
  clock = systemClock,
  log = silentLog,
  onLost = () => undefined,
}: StoreWish): Promise<Store> {
  const paths = hubPaths(dir);
  const address = database && (await readAddress(dir, database));
  const names = { dir, blobs: paths.blobs, database: address?.name ?? paths.database };
  const root = await readIfThere(paths.root);
  const admission = await Admission.begin({ paths, names, root, acceptOlder, clock, log, onLost });
  const look: Look = async (db, dialect) => admission.admit(await findDatabase(db, dialect));
  const open = (): Promise<HubDatabase> => {
    if (address !== undefined) return openPostgres(address, { alone: true, clock, log, onLost, look });
    // To open a file is to make it.
    if (!existsSync(paths.database)) admission.admit({ is: "empty" });
    return openSqlite(paths.database, { look, clock });
  };
  const opened = await open();
  try {
    return new Store(opened, log, await admission.take(opened));
  } catch (error) {
    await opened.notifier.close();
    await opened.db.destroy();
    throw error;
  }
}

/** Makes sure that a new hub can have a database for itself; throws `ALREADY_EXISTS` when a hub's rows are in it. */
export async function checkNewDatabase(
  dir: string,
  database: NonNullable<HubConfig["database"]>,
): Promise<void> {
  const { notifier, db } = await openNewDatabase(dir, database);
  await notifier.close();
  await db.destroy();
}

/** A PostgreSQL database with the schema of a hub and no rows; throws `ALREADY_EXISTS` when a hub's are in it. */
export async function openNewDatabase(
  dir: string,
  database: NonNullable<HubConfig["database"]>,
): Promise<HubDatabase> {
  const look: Look = async (db, dialect) => {
    if ((await findDatabase(db, dialect)).is === "empty") return;
    throw new ComityError("ALREADY_EXISTS", "The database holds a hub already.", {
      hint: "Give each hub a database of its own; a hub whose folder is lost comes back from the backup of its folder.",
    });
  };
  return openPostgres(await readAddress(dir, database), { alone: true, look });
}

function readAddress(
  dir: string,
  { postgres }: NonNullable<HubConfig["database"]>,
): Promise<PostgresAddress> {
  const password = process.env["COMITY_DATABASE_PASSWORD"];
  return readPostgresAddress(postgres, { dir, ...(password && { password }) });
}
