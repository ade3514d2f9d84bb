import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "./bench.js";

const run = promisify(execFile);

/** The script is no TypeScript: it lies in the sources. */
const script = fileURLToPath(new URL("../../../test/bench/dbos/steps.py", import.meta.url));

/** What DBOS Transact does on a server; or why it could not be had. */
export type DbosRate =
  | { readonly stepsPerSecond: number; readonly version: string }
  | { readonly missing: string };

/**
 * Measures DBOS Transact (the Python package `dbos`, installed into the bench's own folder) on the PostgreSQL database at `address`:
 * `workflows` in flight, of `steps` trivial steps each. It may try coroutines and threads; the faster counts.
 */
export async function measureDbos(
  bench: Bench,
  address: string,
  { workflows, steps }: { workflows: number; steps: number },
): Promise<DbosRate> {
  const folder = await bench.folder("dbos");
  const python = join(folder, process.platform === "win32" ? "Scripts" : "bin", "python");
  try {
    bench.note("Installing dbos, to compare with …");
    await run("python3", ["-m", "venv", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "dbos"], { timeout: 180_000 });
    const asked = "import importlib.metadata as m; print(m.version('dbos'))";
    const version = (await run(python, ["-c", asked])).stdout.trim();
    bench.note(`Measuring dbos ${version} …`);
    const words = [script, address, String(workflows), String(steps)];
    const { stdout } = await run(python, words, { timeout: 180_000 });
    const rates = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, number>;
    return { stepsPerSecond: Math.max(...Object.values(rates)), version };
  } catch (error) {
    // Its first line has the command; what the command said follows.
    const lines = error instanceof Error ? error.message.trim().split("\n") : [];
    return { missing: lines.at(-1) ?? "no reason given" };
  }
}
