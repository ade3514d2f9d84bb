import { join } from "node:path";
import { openPostgres } from "#hub/store/postgres.js";
import { readPostgresAddress } from "#hub/store/postgres-address.js";
import { openSqlite } from "#hub/store/sqlite.js";
import { endWithParent, say } from "./child.js";
import type { Place } from "./engine-load.js";
import { measureHistory } from "./history.js";
import { serveLoops } from "./timers.js";
import { measureRates } from "./transitions.js";

/* A measurement of the engine, without a hub around it: `engine-measure rates|timers|no-timers|history DIR [ADDRESS]`. */

const [what = "", dir = "", address] = process.argv.slice(2);

const openDatabase = async (name: string) =>
  address === undefined
    ? openSqlite(join(dir, `${name}.db`))
    : openPostgres(await readPostgresAddress(address), { alone: true });

const measures = new Map<string, (place: Place) => Promise<unknown>>([
  ["rates", measureRates],
  ["timers", (place) => serveLoops(place, true)],
  ["no-timers", (place) => serveLoops(place, false)],
  ["history", measureHistory],
]);

endWithParent();
say({ event: "ready" });
const measure = measures.get(what);
if (measure === undefined) throw new Error(`There is no measurement ${what}.`);
say({ event: "measured", result: await measure({ dir, openDatabase }) });
