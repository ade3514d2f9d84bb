import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import { type GherkinDocument, IdGenerator, type Pickle, type PickleStep } from "@cucumber/messages";
import { ComityError } from "#kernel/errors.js";

/** One step of a scenario. */
export interface Step {
  /** Without the keyword. */
  readonly text: string;
  /** In the file, from 1. */
  readonly line: number;
  readonly docString?: string;
  /** Rows of cells. */
  readonly table?: readonly (readonly string[])[];
}

/** One scenario, with the steps of its background first; an outline gives one for each row of its examples. */
export interface Scenario {
  /** Relative to the folder that was read. */
  readonly file: string;
  readonly line: number;
  readonly feature: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly steps: readonly Step[];
}

/** A feature file: its scenarios, or why it cannot be read. */
export interface FeatureFile {
  readonly file: string;
  readonly scenarios: readonly Scenario[];
  readonly error?: string;
}

/** Every feature file in a folder and the folders in it, in the order of their names. Throws `USAGE` when there is no such folder. */
export async function readFeatures(dir: string): Promise<FeatureFile[]> {
  const found = await stat(dir).catch(() => undefined);
  if (found === undefined)
    throw new ComityError("USAGE", `There is no folder ${dir}.`, {
      hint: "Name a folder with .feature files, or one such file.",
    });
  if (!found.isDirectory()) return [parseFeature(await readFile(dir, "utf8"), dir)];
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".feature"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    paths.map(async (path) => parseFeature(await readFile(path, "utf8"), relative(dir, path))),
  );
}

/** The scenarios of a text in Gherkin. */
export function parseFeature(text: string, file: string): FeatureFile {
  const newId = IdGenerator.incrementing();
  let document: GherkinDocument;
  try {
    document = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher()).parse(text);
  } catch (error) {
    return { file, scenarios: [], error: error instanceof Error ? error.message : String(error) };
  }
  const lines = linesOf(document);
  const feature = document.feature?.name ?? "";
  const scenarios = compile(document, file, newId).map((pickle) =>
    scenarioOf(pickle, lines, { file, feature }),
  );
  return { file, scenarios };
}

function scenarioOf(
  { name, tags, steps, astNodeIds }: Pickle,
  lines: ReadonlyMap<string, number>,
  where: { file: string; feature: string },
): Scenario {
  return {
    ...where,
    line: lineOf(astNodeIds, lines),
    name,
    tags: tags.map((tag) => tag.name),
    steps: steps.map((step) => stepOf(step, lines)),
  };
}

function stepOf({ text, astNodeIds, argument }: PickleStep, lines: ReadonlyMap<string, number>): Step {
  const { docString, dataTable } = argument ?? {};
  return {
    text,
    line: lineOf(astNodeIds.slice(0, 1), lines),
    ...(docString === undefined ? {} : { docString: docString.content }),
    ...(dataTable === undefined
      ? {}
      : { table: dataTable.rows.map(({ cells }) => cells.map(({ value }) => value)) }),
  };
}

/** Of a row of examples, the row's own line: the last of the ids. */
const lineOf = (ids: readonly string[], lines: ReadonlyMap<string, number>): number =>
  lines.get(ids.at(-1) ?? "") ?? 0;

/** The lines of everything in a document that has an id. */
function linesOf(document: GherkinDocument): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const look = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { id, location } = node as { id?: unknown; location?: { line?: unknown } };
    if (typeof id === "string" && typeof location?.line === "number") lines.set(id, location.line);
    for (const value of Object.values(node)) look(value);
  };
  look(document.feature);
  return lines;
}
