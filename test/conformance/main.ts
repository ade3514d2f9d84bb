import { ComityError } from "#kernel/errors.js";
import { readFeatures } from "./feature.js";
import { asJson, line, summary } from "./report.js";
import { type Result, Runner } from "./runner.js";

/*
 * `npm run conformance -- [DIR…] [--json] [--map HOST=URL]… [--stub HOST]… [--restart]`: runs every scenario of the feature files in the
 * folders, ours when none is named. Calls for a mapped host go to the URL instead, those for a stubbed one to our own stand-in. With
 * `--restart` the hub is restarted whenever its runs wait. Exit 0 when all have passed, 1 when one has failed, 2 for wrong use.
 */

const usage = "npm run conformance -- [DIR…] [--json] [--map HOST=URL]… [--stub HOST]… [--restart]";
const ownFeatures = "test/conformance/features";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const { message, hint, code } = ComityError.from(thrown);
  process.stderr.write(`${message}${hint === undefined ? "" : `\n${hint}`}\n`);
  process.exitCode = code === "USAGE" ? 2 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const { dirs, json, ...settings } = parse(args);
  await using runner = await Runner.open(settings);
  const files = (await Promise.all((dirs.length === 0 ? [ownFeatures] : dirs).map(readFeatures))).flat();
  if (files.length === 0)
    throw new ComityError("USAGE", `There is no .feature file in ${dirs.join(", ")}.`, { hint: usage });
  const results: Result[] = [];
  for await (const result of runner.runAll(files)) {
    results.push(result);
    if (!json) process.stdout.write(`${line(result)}\n`);
  }
  process.stdout.write(`${json ? asJson(results) : `\n${summary(results)}`}\n`);
  return results.length > 0 && results.every(({ failure }) => failure === undefined) ? 0 : 1;
}

interface Wishes {
  readonly dirs: string[];
  json: boolean;
  readonly maps: string[];
  readonly stubbed: string[];
  restarts: boolean;
}

function parse(args: readonly string[]): Wishes {
  const found: Wishes = { dirs: [], json: false, maps: [], stubbed: [], restarts: false };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--json") found.json = true;
    else if (word === "--restart") found.restarts = true;
    else if (word === "--map") found.maps.push(rest.shift() ?? "");
    else if (word === "--stub") found.stubbed.push(rest.shift() ?? "");
    else if (word.startsWith("--map=")) found.maps.push(word.slice("--map=".length));
    else if (word.startsWith("--stub=")) found.stubbed.push(word.slice("--stub=".length));
    else if (word.startsWith("-"))
      throw new ComityError("USAGE", `There is no option ${word}.`, { hint: usage });
    else found.dirs.push(word);
  }
  return found;
}
