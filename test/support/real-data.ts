import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pages.js";
import { skipBecause } from "./skip.js";

/** The folder of a data set that does not come with the checkout; the test is skipped where it is not there. */
export function realData(context: Mocha.Context, name: string): string {
  const path = join(process.env["COMITY_DATA"] ?? join(root, "..", "shared", "data"), name);
  if (!existsSync(path)) skipBecause(context, `there is no ${name} in the folder that COMITY_DATA names`);
  return path;
}
