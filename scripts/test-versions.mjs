// Has hubs and agents of this version and of another commit train together.
// Usage: npm run test:versions -- [COMMIT]      COMMIT is any name that git has for one; release 0.1 without it
// The files of the commit live in a temporary folder, are built there with the packages of this checkout (or, where its
// package-lock.json is another one, with its own), and are removed at the end. The exit code is 1 when a federation has failed.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildCommit, buildHere, findCommit } from "./commits.mjs";
import { cleanEnvironment, Failure, npmProgram, root, runScript, step } from "./steps.mjs";

const usage = "Usage: npm run test:versions -- [COMMIT]";
const firstRelease = "ac2fcc1";
/** What the federations may take, in minutes. */
const testMinutes = 20;

await runScript(main);

async function main(makeFolder) {
  const commit = findCommit(readArguments());
  const npm = npmProgram("npm run test:versions");
  const env = cleanEnvironment();
  await buildHere(npm, env);
  const folder = makeFolder("comity-versions-");
  const other = await buildCommit(commit, folder, npm, env);
  await step("Not all federations came to the same", testMinutes, {
    arguments: ["dist/test/versions/main.js", join(other, "dist/cli/main.js"), folder],
    cwd: root,
    env,
  });
}

function readArguments() {
  try {
    const { positionals } = parseArgs({ allowPositionals: true });
    if (positionals.length > 1) throw new Error("Give one commit.");
    return positionals[0] ?? firstRelease;
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`, 2);
  }
}
