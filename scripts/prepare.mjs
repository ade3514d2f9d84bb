// npm runs this after an install in a checkout, and before it packs. It builds; where the compiler was left out (--omit=dev) it
// keeps what was built before, and says so.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = find("typescript/bin/tsc");

if (compiler !== undefined) {
  process.exitCode = runNode(compiler, "-b") || runNode("scripts/executable.mjs");
} else if (existsSync(`${root}dist/cli/main.js`)) {
  console.error("comity: the compiler is not installed; dist/ stays as it was built before.");
} else {
  console.error(
    "comity: nothing is built, and the compiler is not installed. Run `npm ci` without --omit=dev first.",
  );
  process.exitCode = 1;
}

function find(file) {
  try {
    return createRequire(import.meta.url).resolve(file);
  } catch {
    return undefined;
  }
}

function runNode(...args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
}
