import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describeLayers } from "#aggregation/topology/describe.js";
import { Aggregator } from "#hub/fold/aggregator.js";
import { hundredLayers, hundredMegabytes } from "./hundred.js";
import { type Figure, median } from "./figure.js";
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
    const base = join(directory, "base");
    const aggregator = new Aggregator();
    try {
      await aggregator.initialise({ layers: hundredLayers, seed: 1, outPath: base });
      const inputs: { path: string; weight: number }[] = [];
      for (let weight = 1; weight <= updates; weight++)
        inputs.push({ path: perturbModel(base, await bench.folder("update"), String(weight)), weight });
      const { tensors } = describeLayers(hundredLayers);
      const outPath = join(directory, "model");
      const timings = [];
      for (let pair = 0; pair <= pairs; pair++) {
        const startMs = performance.now();
        for (const { path } of inputs) readWhole(path);
        const readMs = performance.now() - startMs;
        await aggregator.aggregate({ inputs, tensors, outPath });
        timings.push({ readMs, foldMs: performance.now() - startMs - readMs });
        // In a round the model is a new file: writing over an old one has the old one's pages thrown away first.
        rmSync(outPath);
      }
      const warm = timings.slice(1);
      const value = median(warm.map(({ readMs, foldMs }) => readMs / foldMs));
      const read = median(warm.map(({ readMs }) => readMs));
      const fold = median(warm.map(({ foldMs }) => foldMs));
      const rate = (ms: number) =>
        `${Math.round(ms)} ms (${((updates * hundredMegabytes) / ms / 1e6).toFixed(1)} GB/s)`;
      return { value, detail: `${pairs} pairs in turn: aggregation ${rate(fold)}, reading ${rate(read)}` };
    } finally {
      await aggregator.close();
    }
  },
};

function readWhole(path: string): void {
  const buffer = new Uint8Array(readBytes);
  const file = openSync(path, "r");
  while (readSync(file, buffer) > 0);
  closeSync(file);
}
