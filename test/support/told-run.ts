import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { languageCalls } from "#hub/workflow/calls/calls.js";
import { AddressGuard, thisMachine } from "#hub/workflow/calls/guard.js";
import { openLocalEngine } from "#hub/workflow/local.js";
import { readSecrets } from "#hub/workflow/secrets.js";
import { newOpId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import { createLog } from "#kernel/log.js";

/** What a run has come to, and whatever anybody could read of it. */
export interface ToldRun {
  readonly state: string;
  readonly errorText: string;
  /** Events, outcome and log as JSON, and the bytes of all files, as latin1. */
  readonly everything: string;
  /** The names of the files. */
  readonly files: readonly string[];
}

/** Runs a workflow in a fresh folder, with the secrets of a file, against services of this machine. */
export async function tellRun(given: {
  readonly dir: string;
  readonly secrets: string;
  readonly workflow: string;
  readonly input: Json;
}): Promise<ToldRun> {
  const { dir, secrets, workflow, input } = given;
  const lines: string[] = [];
  const local = await openLocalEngine({
    dir,
    functions: languageCalls({ guard: new AddressGuard({ allow: thisMachine }) }),
    secrets: await readSecrets(secrets, {}),
    log: createLog("test", "trace", { write: (line) => void lines.push(line) }),
  });
  try {
    const { engine, feed } = local;
    const { id } = await engine.start({
      opId: newOpId(),
      workflow: { text: workflow },
      input,
      startedBy: "test",
    });
    const events = [];
    for await (const event of feed.watch(id, 0, new AbortController().signal)) events.push(event);
    const outcome = await engine.outcome(id);
    await local.close();
    const { state, errorText = "" } = outcome.run;
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const files = entries.filter((one) => one.isFile());
    const bytes = await Promise.all(
      files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1")),
    );
    const everything = [JSON.stringify([events, outcome, lines]), ...bytes].join("\n");
    return { state, errorText, everything, files: files.map(({ name }) => name) };
  } catch (error) {
    await local.close();
    throw error;
  }
}
