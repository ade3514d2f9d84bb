import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { after, describe, it } from "mocha";
import { decodeTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { Aggregator } from "#hub/rounds/aggregator.js";
import { Ring } from "#hub/rounds/ring.js";
import { hashFile } from "#kernel/files.js";
import { temporaryFolders } from "#test/support/folders.js";
import { readFile } from "node:fs/promises";

describe("the aggregator", () => {
  const folder = temporaryFolders();
  const aggregator = new Aggregator();
  after(() => aggregator.close());

  for (const [what, size] of [
    ["small, written by the folding thread", 1000],
    ["large, written by a thread of its own", 3_000_001],
  ] as const) {
    it(`averages updates from files: ${what}`, async () => {
      const dir = await folder();
      const tensors = [{ name: "w", dtype: "F32" as const, shape: [size] }];
      const value = (site: number, at: number) => Math.fround(Math.sin(at * (site + 1)));
      const inputs = await Promise.all(
        [1, 2, 3].map(async (weight) => {
          const values = Float32Array.from({ length: size }, (_, at) => value(weight, at));
          const path = join(dir, String(weight));
          await writeFile(path, encodeTensors([{ name: "w", dtype: "F32", shape: [size], values }]));
          return { path, weight };
        }),
      );
      const outPath = join(dir, "out");
      const { sha256, sizeBytes } = await aggregator.aggregate({ inputs, tensors, outPath });
      assert.equal(await hashFile(outPath), sha256);
      const bytes = await readFile(outPath);
      assert.equal(bytes.length, sizeBytes);
      const mean = decodeTensors(bytes)[0]?.values;
      for (const at of [0, 1, 777, size - 1]) {
        const sum = 1 * value(1, at) + 2 * value(2, at) + 3 * value(3, at);
        assert.equal(mean?.[at], Math.fround(sum / 6), `value ${at}`);
      }
      assert.equal(
        (await aggregator.aggregate({ inputs, tensors, outPath: join(dir, "again") })).sha256,
        sha256,
      );
    });
  }

  it("says why when the model cannot be written, and works on", async () => {
    const dir = await folder();
    const tensors = [{ name: "w", dtype: "F32" as const, shape: [2_000_000] }];
    const path = join(dir, "in");
    await writeFile(
      path,
      encodeTensors([
        { ...tensors[0], name: "w", dtype: "F32", shape: [2_000_000], values: new Float32Array(2_000_000) },
      ]),
    );
    const inputs = [{ path, weight: 1 }];
    const outPath = join(dir, "no-such-folder", "out");
    await assert.rejects(aggregator.aggregate({ inputs, tensors, outPath }), { code: "ENOENT" });
    const { sha256 } = await aggregator.aggregate({ inputs, tensors, outPath: join(dir, "out") });
    assert.equal(await hashFile(path), sha256);
  });
});

describe("a ring between threads", () => {
  it("keeps order and bytes, however large the pieces", async () => {
    const ring = new Ring();
    const code = `
      const { workerData } = require("node:worker_threads");
      import(workerData.module).then(({ Ring }) => {
        const ring = new Ring(workerData.memory);
        for (let size = 1; size < 3_000_000; size *= 3) ring.put(new Uint8Array(size).fill(size % 251));
        ring.end();
      });`;
    const module = new URL("../../../hub/rounds/ring.js", import.meta.url).href;
    const worker = new Worker(code, { eval: true, workerData: { module, memory: ring.memory } });
    const counts = new Map<number, number>();
    ring.drain((piece) => {
      for (const byte of piece) counts.set(byte, (counts.get(byte) ?? 0) + 1);
    });
    await worker.terminate();
    for (let size = 1; size < 3_000_000; size *= 3) {
      let same = 0;
      for (let other = 1; other < 3_000_000; other *= 3) if (other % 251 === size % 251) same += other;
      assert.equal(counts.get(size % 251), same);
    }
  });
});
