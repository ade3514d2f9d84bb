import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "mocha";
import { decodeTensors } from "#aggregation/tensors/safetensors.js";
import { foldHere, isQuick } from "#hub/fold/here.js";
import type { FoldJob } from "#hub/fold/job.js";
import { FoldPool } from "#hub/fold/pool.js";
import { hashBytes } from "#kernel/files.js";
import type { Json } from "#kernel/json.js";
import { inlineBytes } from "#kernel/refs.js";
import { temporaryFolders } from "#test/support/folders.js";
import { answerOf, blobOf, bytesOf, fileOf, jobOf } from "#test/support/folds.js";
import { initialModel } from "#test/support/initial-model.js";

const modelOf = (size: number) => ({ model: [{ name: "w", dtype: "F32" as const, shape: [size] }] });
const value = (site: number, at: number) => Math.fround(((at * (2 * site + 1)) % 1009) / 7 - 70);

/** Three answers with 1, 2 and 3 rows, in files or in memory. */
function averaging(directory: string, size: number, how: "files" | "inline"): FoldJob {
  const groups = modelOf(size);
  const answers = [1, 2, 3].map((samples) => {
    const blob = blobOf(groups, (at) => value(samples, at));
    return answerOf(how === "files" ? fileOf(directory, `${samples}`, blob) : { inline: blob }, { samples });
  });
  return jobOf({ folder: "fedavg", groups, answers, outPath: join(directory, "out") });
}

describe("the pool of threads that folds", () => {
  const folder = temporaryFolders();
  const pool = new FoldPool().warm();
  after(() => pool.close());

  for (const [what, size] of [
    ["small, which comes back inline", 1000],
    ["of some size, by one thread", 100_000],
    ["large, shared by threads", 3_000_001],
  ] as const) {
    it(`averages a model: ${what}`, async () => {
      const directory = await folder();
      const job = averaging(directory, size, "files");
      const { blobs, figures, value: told } = await pool.fold(job);
      assert.deepEqual([figures, told, Object.keys(blobs)], [{}, null, ["model"]]);
      const bytes = bytesOf(blobs["model"]);
      assert.equal(hashBytes(bytes), blobs["model"]?.sha256);
      assert.equal(bytes.length, blobs["model"]?.sizeBytes);
      assert.equal("inline" in (blobs["model"] ?? {}), bytes.length <= inlineBytes);
      const mean = decodeTensors(bytes)[0]?.values;
      for (const at of [0, 1, 777, size - 1]) {
        const sum = 1 * value(1, at) + 2 * value(2, at) + 3 * value(3, at);
        assert.equal(mean?.[at], Math.fround(sum / 6), `value ${at}`);
      }
      const again = { ...job, outPath: join(directory, "again") };
      assert.equal((await pool.fold(again)).blobs["model"]?.sha256, blobs["model"]?.sha256);
      assert.equal(
        foldHere({ ...job, outPath: join(directory, "here") }).blobs["model"]?.sha256,
        blobs["model"]?.sha256,
      );
      const inline = averaging(directory, size, "inline");
      assert.equal((await pool.fold(inline)).blobs["model"]?.sha256, blobs["model"]?.sha256);
    });
  }

  it("makes the model that a call begins with, the same bytes as ever", async () => {
    const directory = await folder();
    for (const units of [3, 30_000]) {
      const layers = [{ class_name: "Dense", config: { name: "out", units, batch_input_shape: [null, 4] } }];
      const options = { layers, seed: 7 } as unknown as Json;
      const job = jobOf({ folder: "model.initial", options, outPath: join(directory, `m${units}`) });
      const { blobs } = await pool.fold(job);
      assert.deepEqual(Buffer.from(bytesOf(blobs["model"])), Buffer.from(initialModel(layers, 7)));
      assert.equal(blobs["model"]?.sha256, hashBytes(initialModel(layers, 7)));
      assert.equal(foldHere(job).blobs["model"]?.sha256, blobs["model"].sha256);
    }
    const wrong = jobOf({ folder: "model.initial", options: { layers: [], seed: 1 }, outPath: directory });
    await assert.rejects(pool.fold(wrong), { code: "ARGUMENT_INVALID" });
    const none = { layers: [{ class_name: "Nothing", config: {} }], seed: 1 };
    await assert.rejects(pool.fold({ ...wrong, options: none }), { code: "MODEL_INVALID" });
  });

  it("reads bytes that lie within a larger buffer", async () => {
    const job = averaging(await folder(), 1000, "inline");
    const answers = job.answers.map((answer) => {
      const inline = answer.bytes && "inline" in answer.bytes ? answer.bytes.inline : new Uint8Array();
      const large = new Uint8Array(1 << 16);
      large.set(inline, 999);
      return { ...answer, bytes: { inline: large.subarray(999, 999 + inline.length) } };
    });
    const digests = [await pool.fold({ ...job, answers }), foldHere({ ...job, answers }), foldHere(job)].map(
      ({ blobs }) => blobs["model"]?.sha256,
    );
    assert.equal(new Set(digests).size, 1);
  });

  it("is not needed for few bytes that are at hand", async () => {
    const directory = await folder();
    const inline = averaging(directory, 100, "inline");
    const [answer = assert.fail()] = inline.answers;
    assert.ok(isQuick(inline));
    assert.ok(isQuick(jobOf({ folder: "sum", outPath: "" })));
    assert.ok(!isQuick(averaging(directory, 100, "files")));
    assert.ok(!isQuick({ ...inline, with: { base: { path: directory } } }));
    assert.ok(!isQuick({ ...inline, answers: Array(10_000).fill(answer) as (typeof answer)[] }));
  });

  it("says why when the model cannot be written, leaves nothing behind, and works on", async () => {
    const directory = await folder();
    const job = averaging(directory, 2_000_000, "files");
    await assert.rejects(pool.fold({ ...job, outPath: join(directory, "no-such-folder", "out") }), {
      code: "ENOENT",
    });
    const { blobs } = await pool.fold(job);
    assert.equal(hashBytes(bytesOf(blobs["model"])), blobs["model"]?.sha256);
  });

  it("ends in all its threads when one cannot read an answer, leaves nothing behind, and works on", async () => {
    const directory = await folder();
    const job = averaging(directory, 2_000_000, "files");
    const { bytes } = job.answers[0] ?? {};
    assert.ok(bytes && "path" in bytes);
    const whole = readFileSync(bytes.path);
    const short = fileOf(directory, "short", whole.subarray(0, whole.length - 5));
    const withSecond = (second: { readonly path: string }) =>
      pool.fold({ ...job, answers: [answerOf(bytes), answerOf(second)] });
    await assert.rejects(withSecond(short), /shorter than its header says/);
    await assert.rejects(withSecond({ path: join(directory, "none") }), { code: "ENOENT" });
    assert.deepEqual(readdirSync(directory).sort(), ["1", "2", "3", "short"]);
    assert.equal((await withSecond(bytes)).blobs["model"]?.sha256, hashBytes(whole));
  });

  it("does one job after the other, each whole, and goes on after one that fails", async () => {
    const directory = await folder();
    const job = averaging(directory, 1_500_000, "files");
    const outcomes = await Promise.allSettled(
      ["a", "b", "c", "d"].map((name) => {
        const [first] = job.answers;
        const answers = name === "b" ? [{ ...(first ?? assert.fail()), samples: -1 }] : job.answers;
        return pool.fold({ ...job, answers, outPath: join(directory, name) });
      }),
    );
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    const digests = ["a", "c", "d"].map((name) => hashBytes(readFileSync(join(directory, `${name}.model`))));
    assert.equal(new Set(digests).size, 1);
  });

  it("refuses what it does not know, and answers without tensors", async () => {
    const outPath = join(await folder(), "out");
    await assert.rejects(pool.fold(jobOf({ folder: "alchemy", outPath })), {
      code: "ARGUMENT_INVALID",
      message: 'There is no folder "alchemy".',
      hint: /fedavg.*sum.*model\.initial/,
    });
    const job = averaging(outPath, 10, "inline");
    const answers = job.answers.map((answer) => ({ ...answer, bytes: undefined }));
    await assert.rejects(pool.fold({ ...job, answers }), /Answer 0 of the fold has no tensors/);
    await assert.rejects(pool.fold({ ...job, answers: [] }), /there are 0/);
    await assert.rejects(pool.fold({ ...job, groups: {} }), /have no tensors/);
  });

  for (const who of ["leader", "helper"] as const) {
    it(`fails the job whose thread dies, the ${who}, and gives the next a new one`, async () => {
      const url = new URL("../../../../hub/fold/fold-worker.js", import.meta.url).href;
      const script = `
        import { parentPort } from "node:worker_threads";
        parentPort.on("message", ({ job, leads }) => {
          if (job.outPath.endsWith(leads ? "leader" : "helper")) process.exit(7);
        });
        await import(${JSON.stringify(url)});`;
      const mortal = new FoldPool(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
      try {
        const directory = await folder();
        const job = averaging(directory, 1_500_000, "files");
        await assert.rejects(mortal.fold({ ...job, outPath: join(directory, who) }), {
          code: "INTERNAL",
          message: "The thread of folds has ended.",
        });
        const { blobs } = await mortal.fold(job);
        assert.equal(blobs["model"]?.sha256, hashBytes(bytesOf(blobs["model"])));
      } finally {
        await mortal.close();
      }
    });
  }

  it("ends with the job that it is at", async () => {
    const closing = new FoldPool().warm();
    const job = averaging(await folder(), 3_000_000, "files");
    const jobs = [closing.fold(job), closing.fold(job)].map((one) =>
      assert.rejects(one, /The thread of folds has been closed/),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    await closing.close();
    await Promise.all(jobs);
  });
});
