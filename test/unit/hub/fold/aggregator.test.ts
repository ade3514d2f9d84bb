import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it } from "mocha";
import { decodeTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import { Aggregator } from "#hub/fold/aggregator.js";
import { hashFile } from "#kernel/files.js";
import { temporaryFolders } from "#test/support/folders.js";

describe("the aggregator", () => {
  const folder = temporaryFolders();
  const aggregator = new Aggregator();
  after(() => aggregator.close());

  for (const [what, size] of [
    ["small, by one thread", 1000],
    ["large, shared by threads", 3_000_001],
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

  it("ends in all its threads when one cannot read an update, and works on", async () => {
    const dir = await folder();
    const shape = [2_000_000];
    const whole = encodeTensors([{ name: "w", dtype: "F32", shape, values: new Float32Array(2_000_000) }]);
    const [path, short] = [join(dir, "in"), join(dir, "short")];
    await writeFile(path, whole);
    await writeFile(short, whole.subarray(0, whole.length - 5));
    const job = { tensors: [{ name: "w", dtype: "F32" as const, shape }], outPath: join(dir, "out") };
    const average = (second: string) =>
      aggregator.aggregate({
        ...job,
        inputs: [
          { path, weight: 1 },
          { path: second, weight: 1 },
        ],
      });
    await assert.rejects(average(short), /shorter than its header says/);
    await assert.rejects(average(join(dir, "none")), { code: "ENOENT" });
    assert.equal((await average(path)).sha256, await hashFile(path));
  });
});
