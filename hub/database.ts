import { ComityError } from "#kernel/errors.js";
import { type Log, silentLog } from "#kernel/log.js";
import { type HubConfig, hubPaths } from "./config.js";
import { listOperators } from "./store/operators.js";
import { openPostgres } from "./store/postgres.js";
import { readPostgresAddress } from "./store/postgres-address.js";
import { openSqlite } from "./store/sqlite.js";
import { Store } from "./store/store.js";

/** How a hub opens its rows. */
interface StoreWish {
  readonly dir: string;
  /** Without it: SQLite, in the hub's folder. */
  readonly database: HubConfig["database"];
  readonly log?: Log;
  /** Another hub has the database now. */
  readonly onLost?: (error: ComityError) => void;
}

/** Opens the rows of a hub, for this process alone. Throws `STORE_BUSY`, `STORE_DAMAGED`, `STORE_UNREACHABLE` or `CONFIG_INVALID`. */
export async function openHubStore({ dir, database, log = silentLog, onLost }: StoreWish): Promise<Store> {
  if (database === undefined) return new Store(await openSqlite(hubPaths(dir).database), log);
  const password = process.env["COMITY_DATABASE_PASSWORD"];
  const address = await readPostgresAddress(database.postgres, { dir, ...(password && { password }) });
  return new Store(await openPostgres(address, { alone: true, log, ...(onLost && { onLost }) }), log);
}

/** Makes sure that a new hub can have a database for itself; throws `ALREADY_EXISTS` when a hub's rows are in it. */
export async function checkNewDatabase(wish: StoreWish): Promise<void> {
  const store = await openHubStore(wish);
  try {
    if ((await listOperators(store.db)).length === 0) return;
    throw new ComityError("ALREADY_EXISTS", "The database holds a hub already.", {
      hint: "Give each hub a database of its own; a hub whose folder is lost comes back from the backup of its folder.",
    });
  } finally {
    await store.close();
  }
}
