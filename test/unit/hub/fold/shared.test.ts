import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "mocha";
import { strategies } from "#aggregation/strategies/index.js";
import type { Strategy } from "#aggregation/strategies/strategy.js";
import type { Bytes } from "#hub/blobs/reader.js";
import { foldHere } from "#hub/fold/here.js";
import type { FoldDone, FoldJob } from "#hub/fold/job.js";
import { FoldPool } from "#hub/fold/pool.js";
import { hashBytes } from "#kernel/files.js";
import { temporaryFolders } from "#test/support/folders.js";
import { answerOf, blobOf, bytesOf, fileOf, jobOf } from "#test/support/folds.js";

/** Large enough to be shared by threads, and no multiple of any tile. */
const model = [
  { name: "a", dtype: "F32" as const, shape: [1_100_003] },
  { name: "b", dtype: "F32" as const, shape: [7, 11] },
];
const noise = (seed: number) => (at: number) => (((at + 1) * (2 * seed + 3)) % 2003) / 1000 - 1;

function roundOf(strategy: Strategy, directory: string): FoldJob {
  const groups = { model, ...(strategy.needs.groups !== undefined && { control: model }) };
  const answers = [0, 1, 2, 3, 4].map((k) => {
    const path = fileOf(directory, `answer-${k}`, blobOf(groups, noise(k)));
    return answerOf(path, { samples: 10 * k + 1, figures: { steps: k + 1 }, stale: k });
  });
  const base = fileOf(directory, "base", blobOf({ model }, noise(9)));
  return jobOf({ folder: strategy.name, groups, answers, with: { base }, population: 8, outPath: "" });
}

/** The digests of two rounds, each from what the one before has left on the disk. */
async function twoRounds(
  fold: (job: FoldJob) => FoldDone | Promise<FoldDone>,
  job: FoldJob,
  outPath: string,
) {
  const first = await fold({ ...job, outPath });
  const kept: Record<string, Bytes> = {};
  for (const [name, blob] of Object.entries({ base: first.blobs["model"], server: first.blobs["server"] })) {
    if (blob === undefined) continue;
    assert.equal(hashBytes(bytesOf(blob)), blob.sha256, name);
    writeFileSync(`${outPath}-${name}`, bytesOf(blob));
    kept[name] = { path: `${outPath}-${name}` };
    if ("path" in blob) rmSync(blob.path);
  }
  const second = await fold({ ...job, with: kept, outPath });
  return [first, second].map(({ blobs, value }) => [
    blobs["model"]?.sha256,
    blobs["server"]?.sha256,
    JSON.stringify(value),
  ]);
}

describe("a fold by threads that share", () => {
  const folder = temporaryFolders();
  const pool = new FoldPool();
  after(() => pool.close());

  for (const strategy of strategies) {
    it(`is that of one thread: ${strategy.name}, two rounds`, async () => {
      const directory = await folder();
      const job = roundOf(strategy, directory);
      const shared = await twoRounds((one) => pool.fold(one), job, join(directory, "shared"));
      const alone = await twoRounds(foldHere, job, join(directory, "alone"));
      assert.deepEqual(shared, alone);
    });
  }
});
