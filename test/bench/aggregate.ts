import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeLayers } from "#aggregation/topology/describe.js";
import type { FoldDone, FoldJob } from "#hub/fold/job.js";
import { FoldPool } from "#hub/fold/pool.js";
import type { Json } from "#kernel/json.js";
import { type Figure, median } from "./figure.js";
import { hundredLayers, hundredMegabytes } from "./hundred.js";
import { perturbModel } from "./update.js";

const updates = 8;
const pairs = 7;
const readBytes = 1 << 20;

/** The hub's aggregation of 8 updates of 100 MB, as a round has it: its threads, its files, the digest of the new model. */
export const aggregateFigure: Figure = {
  id: "aggregate-8x100",
  what: "aggregation alone, 8 x 100 MB from disk, against reading the same bytes once",
  unit: "x",
  reach: 0.5,
  sense: "at least",
  comparison: "-",
  async measure(bench) {
    const directory = await bench.folder("aggregate");
    const pool = new FoldPool();
    try {
      const job = { answers: [], groups: {}, with: {}, sites: updates, population: updates };
      const options = { layers: hundredLayers, seed: 1 } as unknown as Json;
      const outPath = join(directory, "out");
      const base = pathOf(
        await pool.fold({ ...job, folder: "model.initial", options, outPath: join(directory, "base") }),
      );
      const answers: FoldJob["answers"][number][] = [];
      for (let samples = 1; samples <= updates; samples++) {
        const path = perturbModel(base, await bench.folder("update"), String(samples));
        answers.push({ samples, figures: {}, stale: 0, bytes: { path }, value: null });
      }
      const groups = { model: describeLayers(hundredLayers).tensors };
      const averaging: FoldJob = { ...job, folder: "fedavg", options: {}, answers, groups, outPath };
      const timings = [];
      for (let pair = 0; pair <= pairs; pair++) {
        const startMs = performance.now();
        for (const { bytes } of answers) if (bytes !== undefined && "path" in bytes) readWhole(bytes.path);
        const readMs = performance.now() - startMs;
        const model = pathOf(await pool.fold(averaging));
        timings.push({ readMs, foldMs: performance.now() - startMs - readMs });
        // In a round the model is a new file: writing over an old one has the old one's pages thrown away first.
        rmSync(model);
      }
      const warm = timings.slice(1);
      const value = median(warm.map(({ readMs, foldMs }) => readMs / foldMs));
      const read = median(warm.map(({ readMs }) => readMs));
      const fold = median(warm.map(({ foldMs }) => foldMs));
      const rate = (ms: number) =>
        `${Math.round(ms)} ms (${((updates * hundredMegabytes) / ms / 1e6).toFixed(1)} GB/s)`;
      return { value, detail: `${pairs} pairs in turn: aggregation ${rate(fold)}, reading ${rate(read)}` };
    } finally {
      await pool.close();
    }
  },
};

function pathOf({ blobs: { model } }: FoldDone): string {
  if (model === undefined || !("path" in model)) throw new Error("The fold has made no large model.");
  return model.path;
}

function readWhole(path: string): void {
  const buffer = new Uint8Array(readBytes);
  const file = openSync(path, "r");
  while (readSync(file, buffer) > 0);
  closeSync(file);
}
