// Measures figures of this version and of another commit in turn, so that what else the machine does weighs on both alike.
// Usage: npm run bench:pairs -- COMMIT FIGURE… [--pairs 5]      COMMIT is any name that git has for one
// The files of the commit live in a temporary folder, are built there with the packages of this checkout (or, where its
// package-lock.json is another one, with its own), and are removed at the end. The exit code is 1 when a figure is worse here
// than there by more than a twentieth, by the median of its pairs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildCommit, buildHere, findCommit } from "./commits.mjs";
import { cleanEnvironment, Failure, npmProgram, root, runScript, step } from "./steps.mjs";

const usage = "Usage: npm run bench:pairs -- COMMIT FIGURE… [--pairs 5]";
/** How much worse than there a figure may be here: two medians of few pairs differ by so much on a quiet machine. */
const tolerance = 1.05;
/** What one figure may take, in minutes. */
const figureMinutes = 60;

await runScript(main);

async function main(makeFolder) {
  const { name, ids, pairs } = readArguments();
  const commit = findCommit(name);
  const npm = npmProgram("npm run bench:pairs");
  const env = cleanEnvironment();
  await buildHere(npm, env);
  const figures = await findFigures(ids);
  const folder = makeFolder("comity-pairs-");
  const other = await buildCommit(commit, folder, npm, env);
  const measure = (cwd, figure) => measureOnce(cwd, figure, join(folder, "figure.json"), env);

  const worse = [];
  for (const figure of figures) {
    const ratios = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Each of them first as often as second.
      const values = new Map();
      for (const cwd of pair % 2 === 0 ? [root, other] : [other, root])
        values.set(cwd, await measure(cwd, figure));
      const [here, there] = [values.get(root), values.get(other)];
      const ratio = figure.sense === "at most" ? here / there : there / here;
      ratios.push(ratio);
      console.log(
        `${figure.id}: ${here} ${figure.unit} here, ${there} ${figure.unit} at ${commit}: ${ratio.toFixed(3)}`,
      );
    }
    const middle = median(ratios);
    const isWorse = middle > tolerance;
    if (isWorse) worse.push(figure.id);
    console.log(
      `${figure.id}: median of ${pairs} ${pairs === 1 ? "pair" : "pairs"} ${middle.toFixed(3)}, ${isWorse ? "worse" : "not worse"} here (1: the same; above: worse)`,
    );
  }
  if (worse.length > 0) throw new Failure(`Worse than at ${commit}: ${worse.join(", ")}.`);
}

/** The figures of this version by their ids. */
async function findFigures(ids) {
  const { figures } = await import(pathToFileURL(join(root, "dist/test/bench/figures.js")).href);
  return ids.map((id) => {
    const figure = figures.find((one) => one.id === id);
    if (figure !== undefined) return figure;
    throw new Failure(`There is no figure ${id}. There are ${figures.map((one) => one.id).join(", ")}.`, 2);
  });
}

/** One figure of one checkout, measured once. */
async function measureOnce(cwd, { id }, output, env) {
  await step(`The figure ${id} could not be measured in ${cwd}`, figureMinutes, {
    arguments: ["dist/test/bench/main.js", "--json", id],
    cwd,
    env,
    output,
    // 1: measured, and not reached.
    codes: [0, 1],
  });
  const [{ value, what }] = JSON.parse(readFileSync(output, "utf8"));
  if (value === null) throw new Failure(`The figure ${id} could not be measured in ${cwd}: ${what}`);
  return value;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { pairs: { type: "string", default: "5" } },
    });
    const [name, ...ids] = positionals;
    if (name === undefined || ids.length === 0) throw new Error("Give a commit and at least one figure.");
    const pairs = Number(values.pairs);
    if (!Number.isInteger(pairs) || pairs < 1 || pairs > 100) throw new Error("Give 1 to 100 pairs.");
    return { name, ids, pairs };
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`, 2);
  }
}
