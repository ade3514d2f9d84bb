import { SqliteDriver } from "kysely";
import { functions } from "#hub/federated/functions/index.js";
import { startHub } from "#hub/main.js";
import { createLog } from "#kernel/log.js";
import { kinds } from "#proto/work/index.js";
import { endWithParent, say, told } from "./child.js";
import { level, levels } from "./levels.js";

/*
 * A hub that knows the function of levels.ts besides its own, and counts its commits: `node hub.js DIR`. All the rest is the hub as it is.
 * It says its commits so far whenever it is told a line.
 */

const [dir = ""] = process.argv.slice(2);

let commits = 0;
// eslint-disable-next-line @typescript-eslint/unbound-method
const { commitTransaction } = SqliteDriver.prototype;
SqliteDriver.prototype.commitTransaction = function (connection) {
  commits++;
  return commitTransaction.call(this, connection);
};

endWithParent();
const hub = await startHub({
  dir,
  log: createLog("hub", "warn"),
  functions: [...functions, levels],
  kinds: [...kinds, level],
});
say({ event: "ready" });
process.once("SIGTERM", () => {
  hub.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
for (;;) {
  await told();
  say({ event: "commits", commits });
}
