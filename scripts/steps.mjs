// For scripts that work in a temporary folder, step by step. Each step is a program in a group of its own, so that nothing of it
// outlives the step; the folder is removed at the end, also when somebody stops the script.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Why a script ends early, in a sentence for people. */
export class Failure extends Error {
  constructor(text, exitCode = 1) {
    super(text);
    this.exitCode = exitCode;
  }
}

let running;
let stopped;

/** Runs a script to its end. `main` gets a function that makes the temporary folder, whose name begins with what that is given. */
export async function runScript(main) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // A second one does not wait.
      endGroup(stopped === undefined ? "SIGTERM" : "SIGKILL");
      stopped = signal;
    });
  }
  let folder;
  try {
    await main((prefix) => (folder = mkdtempSync(join(tmpdir(), prefix))));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The npm that goes with the Node in use. `usage` says how the script is started by npm, which always knows it. */
export function npmProgram(usage) {
  const places = [
    process.env.npm_execpath,
    join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js"),
  ];
  const found = places.find((place) => place?.endsWith("npm-cli.js") && existsSync(place));
  if (found === undefined) throw new Failure(`npm is not found. Start this with \`${usage}\`.`);
  return found;
}

/** The environment without what npm sets for its scripts: the other npm finds its own. */
export function cleanEnvironment() {
  const ours =
    /^(npm_(package|lifecycle|command|execpath|node_execpath)|npm_config_(local|global)?_?prefix$|NODE$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/**
 * Runs a program to its end, in a group of its own so that nothing of it outlives the step. `output`: a file for what it says on its
 * standard output. `codes`: exit codes that are no failure.
 */
export async function step(
  failure,
  minutes,
  { program = process.execPath, arguments: args, cwd, env, output, codes = [0] },
) {
  if (stopped !== undefined) throw interrupted();
  const file = output === undefined ? "inherit" : openSync(output, "w");
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", file, "inherit"], detached: true });
  if (file !== "inherit") closeSync(file);
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
  if (!codes.includes(code)) throw new Failure(`${failure} (exit code ${code}).`, code);
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
