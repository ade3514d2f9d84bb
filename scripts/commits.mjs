// Another commit beside this checkout: found by any name that git has for it, unpacked, and built.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Failure, root, step } from "./steps.mjs";

/** What a step may take, in minutes. */
const limitMinutes = { unpack: 2, install: 30, build: 15 };

/** The digest of a commit, short. Throws a Failure where there is none. */
export function findCommit(name) {
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  try {
    return execFileSync(
      "git",
      ["rev-parse", "--verify", "--short", "--end-of-options", `${name}^{commit}`],
      options,
    ).trim();
  } catch {
    throw new Failure(`git knows no commit ${name} here.`, 2);
  }
}

/** Builds this checkout. */
export async function buildHere(npm, env) {
  await build("This version cannot be built", root, npm, env);
}

/**
 * Unpacks a commit into a new folder below `folder` and builds it there: with the packages of this checkout or, where its
 * package-lock.json is another one, with its own. Returns the folder.
 */
export async function buildCommit(commit, folder, npm, env) {
  const other = join(folder, "other");
  mkdirSync(other);
  const archive = join(folder, "other.tar");
  await step(`The files of ${commit} cannot be had`, limitMinutes.unpack, {
    program: "git",
    arguments: ["archive", "--format=tar", `--output=${archive}`, commit],
    cwd: root,
    env,
  });
  await step(`The files of ${commit} cannot be unpacked`, limitMinutes.unpack, {
    program: "tar",
    arguments: ["-xf", archive, "-C", other],
    cwd: root,
    env,
  });
  const lock = "package-lock.json";
  if (readFileSync(join(root, lock)).equals(readFileSync(join(other, lock)))) {
    symlinkSync(join(root, "node_modules"), join(other, "node_modules"), "dir");
  } else {
    console.log(`Installing the packages of ${commit}.`);
    await step(`The packages of ${commit} cannot be installed`, limitMinutes.install, {
      arguments: [npm, "ci"],
      cwd: other,
      env,
    });
  }
  console.log(`Building ${commit}.`);
  await build(`${commit} cannot be built`, other, npm, env);
  return other;
}

async function build(failure, cwd, npm, env) {
  await step(failure, limitMinutes.build, { arguments: [npm, "run", "build", "--silent"], cwd, env });
}
