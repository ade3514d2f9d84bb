import { strategies } from "#aggregation/strategies/index.js";
import { ComityError } from "#kernel/errors.js";
import type { Folder } from "./folder.js";
import { initialFolder } from "./initial-folder.js";
import { strategyFolder } from "./strategy-folder.js";
import { sumFolder } from "./sum-folder.js";
import { valueFolder } from "./value-folder.js";

/** All that the pool can do: every strategy by its name, sums, and the model that a call begins with. */
const folders: readonly Folder[] = [
  ...strategies.map((strategy) => strategyFolder(strategy)),
  sumFolder,
  valueFolder,
  initialFolder,
];

/** A folder by its name. Throws `ARGUMENT_INVALID`. */
export function findFolder(name: string): Folder {
  const folder = folders.find((one) => one.name === name);
  if (folder !== undefined) return folder;
  throw new ComityError("ARGUMENT_INVALID", `There is no folder ${JSON.stringify(name)}.`, {
    hint: `There are ${folders.map((one) => one.name).join(", ")}.`,
  });
}
