// Has hubs and agents of this version and of another commit train together.
// Usage: npm run test:versions -- [COMMIT]      COMMIT is any name that git has for one; release 0.1 without it
// The files of the commit live in a temporary folder, are built there with the packages of this checkout (or, where its
// package-lock.json is another one, with its own), and are removed at the end. The exit code is 1 when a federation has failed.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cleanEnvironment, Failure, npmProgram, root, runScript, step } from "./steps.mjs";

const usage = "Usage: npm run test:versions -- [COMMIT]";
const firstRelease = "ac2fcc1";
/** What a step may take, in minutes. */
const limitMinutes = { unpack: 2, install: 30, build: 15, test: 20 };

await runScript(main);

async function main(makeFolder) {
  const commit = readArguments();
  const npm = npmProgram("npm run test:versions");
  const env = cleanEnvironment();
  const here = (failure, minutes, ...args) => step(failure, minutes, { arguments: args, cwd: root, env });
  await here("This version cannot be built", limitMinutes.build, npm, "run", "build", "--silent");

  const folder = makeFolder("comity-versions-");
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
  const there = (failure, minutes, ...args) => step(failure, minutes, { arguments: args, cwd: other, env });
  const lock = "package-lock.json";
  if (readFileSync(join(root, lock)).equals(readFileSync(join(other, lock)))) {
    symlinkSync(join(root, "node_modules"), join(other, "node_modules"), "dir");
  } else {
    console.log(`Installing the packages of ${commit}.`);
    await there(`The packages of ${commit} cannot be installed`, limitMinutes.install, npm, "ci");
  }
  console.log(`Building ${commit}.`);
  await there(`${commit} cannot be built`, limitMinutes.build, npm, "run", "build", "--silent");

  const command = join(other, "dist/cli/main.js");
  await here(
    "Not all federations came to the same",
    limitMinutes.test,
    "dist/test/versions/main.js",
    command,
    folder,
  );
}

/** The commit, as a digest. */
function readArguments() {
  let name = firstRelease;
  try {
    const { positionals } = parseArgs({ allowPositionals: true });
    if (positionals.length > 1) throw new Error("Give one commit.");
    [name = firstRelease] = positionals;
    const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync(
      "git",
      ["rev-parse", "--verify", "--short", "--end-of-options", `${name}^{commit}`],
      options,
    ).trim();
  } catch (error) {
    const reason = error.status === undefined ? error.message : `git knows no commit ${name} here.`;
    throw new Failure(`${reason}\n${usage}`, 2);
  }
}
