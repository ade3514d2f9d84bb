import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, it } from "mocha";
import { seeded } from "#aggregation/random/random.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import { ComityError } from "#kernel/errors.js";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { datasetConfigSchema } from "#node-agent/data/config.js";
import { openDatasets } from "#node-agent/data/datasets.js";
import { createSteps, type Steps } from "#node-agent/steps/index.js";
import type { StepAnswer, StepContext } from "#node-agent/steps/step.js";
import { findKind, kinds } from "#proto/work/index.js";
import { temporaryFolders } from "#test/support/folders.js";
import { initialModel } from "../../support/initial-model.js";

const folder = temporaryFolders();
const layers = namedModel({ name: "mlp", input: [4], classes: 3, hidden: [8] });

/** What a test wants of the context, and the base model. */
type Setting = Partial<StepContext> & { readonly basePath?: string | undefined };

const opened: Steps[] = [];
afterEach(async () => {
  for (const steps of opened.splice(0)) await steps.close();
});

/** A site with 200 rows to train on and 50 to test on. */
async function site(backend?: "wasm" | "cpu") {
  const directory = await folder();
  const random = seeded("rows");
  const lines = Array.from({ length: 250 }, () => {
    const label = random.integer(3);
    return (
      [0, 1, 2, 3]
        .map((column) => ((column === label ? 1 : 0) + 0.2 * random.normal()).toFixed(4))
        .join(",") + `,${label}`
    );
  });
  await writeFile(join(directory, "train.csv"), `x0,x1,x2,x3,y\n${lines.slice(0, 200).join("\n")}\n`);
  await writeFile(join(directory, "test.csv"), `x0,x1,x2,x3,y\n${lines.slice(200).join("\n")}\n`);
  await writeFile(join(directory, "base.safetensors"), initialModel(layers, 1));
  const config = datasetConfigSchema.parse({
    name: "clouds",
    path: "train.csv",
    test: "test.csv",
    columns: { "x*": "number", y: { type: "category", classes: 3 } },
    target: "y",
  });
  const steps = createSteps({
    datasets: openDatasets([config], directory),
    backend,
    minCell: 5,
    log: silentLog,
  });
  opened.push(steps);
  const progress: [number, string][] = [];
  const context = ({ basePath = join(directory, "base.safetensors"), ...more }: Setting): StepContext => ({
    site: parseSiteId("acme/berlin"),
    draw: 1,
    directory,
    input: (name) => Promise.resolve(name === "base" ? { path: basePath } : undefined),
    state: undefined,
    signal: new AbortController().signal,
    progress: (fraction, text) => void progress.push([fraction, text]),
    ...more,
  });
  const run = (work: Work, more: Setting = {}): Promise<StepAnswer> => {
    const step = steps.steps.find(({ kind }) => kind.name === work.kind);
    assert(step);
    return step.run(work.body, context(more));
  };
  return { directory, steps, run, progress };
}

interface Work {
  readonly kind: string;
  readonly body: unknown;
}

const bodyOf = (kind: string, body: object): Work => ({
  kind,
  body: (findKind(kinds, kind) ?? assert.fail()).body.parse({ dataset: { name: "clouds" }, layers, ...body }),
});
const work = (more: Record<string, unknown> = {}) =>
  bodyOf("train", { local: { epochs: 5, batch: 16 }, seed: 1, ...more });
const evaluation = bodyOf("evaluate", {});
const endless = work({ local: { epochs: 1000, batch: 1 } });

/** The worker thread that the next work starts. */
const nextWorker = async (): Promise<Worker> => ((await once(process, "worker")) as [Worker])[0];

describe("the steps train and evaluate", () => {
  it("train next to the data, answer with an update, and evaluate it", async () => {
    const { run, directory } = await site();
    const before = await run(evaluation);
    assert.equal(before.samples, 50);
    const answer = await run(work());
    assert.equal(answer.samples, 200);
    assert.equal(answer.updatePath, join(directory, "update.safetensors"));
    assert(Object.values(answer.figures).every(Number.isFinite));
    const after = await run(evaluation, { basePath: answer.updatePath });
    assert.equal(after.updatePath, undefined);
    assert(
      (after.figures["accuracy"] ?? 0) > 0.9 && (after.figures["loss"] ?? 9) < (before.figures["loss"] ?? 0),
    );
  });

  it("give the same bytes when the assignment is done again, by an agent that was started again", async () => {
    const bytes = async () => {
      const { run } = await site();
      return readFile((await run(work())).updatePath ?? "");
    };
    assert.deepEqual(await bytes(), await bytes());
  });

  it("depend on the seed, the draw and the site", async () => {
    const { run } = await site();
    const bytes = async (more: Setting, seed = 1) =>
      readFile((await run(work({ seed }), more)).updatePath ?? "", "hex");
    const all = [
      await bytes({}),
      await bytes({ draw: 2 }),
      await bytes({ site: parseSiteId("acme/bern") }),
      await bytes({}, 2),
    ];
    assert.equal(new Set(all).size, 4);
  });

  it("send the base model back after 0 epochs, without a worker and without TensorFlow", async () => {
    const { run, directory } = await site();
    let workers = 0;
    const count = () => {
      workers++;
    };
    process.on("worker", count);
    const answer = await run(work({ local: { epochs: 0 } }));
    process.off("worker", count);
    assert.equal(workers, 0);
    assert.deepEqual({ samples: answer.samples, figures: answer.figures }, { samples: 200, figures: {} });
    assert.deepEqual(
      await readFile(answer.updatePath ?? ""),
      await readFile(join(directory, "base.safetensors")),
    );
  });

  it("leave TensorFlow out of the main thread", async () => {
    const index = new URL("../../../node-agent/steps/index.js", import.meta.url);
    const script = `await import(${JSON.stringify(index.href)}); const { createRequire } = await import("node:module");
      console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("tfjs")).length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: new URL(".", import.meta.url),
    });
    assert.equal(stdout.trim(), "0");
  });

  it("tell the back end", async () => {
    const { steps } = await site("cpu");
    assert.deepEqual(await steps.backend(), { backend: "cpu", skipped: [] });
  });

  it("tell their progress, and not too often", async () => {
    const { run, progress } = await site();
    const startedMs = performance.now();
    await run(work({ local: { epochs: 30, batch: 4 } }));
    assert(progress.length >= 1 && progress.length <= 2 + (performance.now() - startedMs) / 250);
    assert(
      progress.every(
        ([fraction, text]) => fraction >= 0 && fraction <= 1 && /^(loading rows|epoch \d+ of 30)$/.test(text),
      ),
    );
  });

  it("end when they are cancelled, at work and while they wait for their turn; the next work goes on", async () => {
    const { run, progress } = await site();
    const [first, second] = [new AbortController(), new AbortController()];
    const working = run(endless, { signal: first.signal });
    const waiting = run(endless, { signal: second.signal });
    second.abort();
    await assert.rejects(waiting, { code: "RUN_CANCELLED" });
    while (!progress.some(([, text]) => text.startsWith("epoch")))
      await new Promise((resolve) => setTimeout(resolve, 5));
    first.abort();
    await assert.rejects(working, { code: "RUN_CANCELLED" });
    await assert.rejects(run(endless, { signal: AbortSignal.abort() }), { code: "RUN_CANCELLED" });
    assert.equal((await run(evaluation)).samples, 50);
  });

  it("survive the death of their worker: that work fails, the next has a new one", async () => {
    const { run, progress } = await site();
    const born = nextWorker();
    const working = run(endless);
    const worker = await born;
    while (progress.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    void worker.terminate();
    await assert.rejects(working, {
      code: "WORK_FAILED",
      message: "The training thread ended unexpectedly.",
    });
    const again = nextWorker();
    assert.equal((await run(evaluation)).samples, 50);
    assert.notEqual((await again).threadId, worker.threadId);
  });

  const refused = [
    ["a dataset that is not there", { dataset: { name: "digits" } }, "DATASET_MISSING", /it has clouds/],
    [
      "a model that does not fit",
      { layers: namedModel({ name: "mlp", input: [5], classes: 3 }) },
      "UPDATE_SCHEMA_WRONG",
      /hidden|dense/,
    ],
    [
      "a model that is none",
      { layers: [{ class_name: "Nothing", config: {} }] },
      "MODEL_INVALID",
      /Nothing|class_name/,
    ],
  ] as const;
  it(`refuse ${refused.map(([what]) => what).join(", ")}; and go on`, async () => {
    const { run } = await site();
    for (const [, more, code, message] of refused) {
      await assert.rejects(run(work(more)), (error: unknown) => {
        assert(error instanceof ComityError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    }
    assert.equal((await run(evaluation)).samples, 50);
  });

  it("do not answer with a model that has run away", async () => {
    const { run } = await site();
    const linear = [{ class_name: "Dense", config: { name: "out", units: 3, batch_input_shape: [null, 4] } }];
    const directory = await folder();
    const basePath = join(directory, "linear.safetensors");
    // One step: the loss before it is a finite float64, the weights after it are no finite float32.
    const local = { epochs: 1, batch: 200, learningRate: 100, loss: "meanSquaredError" };
    const wild = initialModel(linear, 1);
    new Float32Array(wild.buffer, wild.length - 15 * 4).fill(5e37);
    await writeFile(basePath, wild);
    await assert.rejects(run(work({ layers: linear, local }), { basePath, directory }), {
      code: "UPDATE_NOT_FINITE",
      message: /^After training, out\/(kernel|bias) holds a value that is no finite number/,
    });
  });

  it("say what is wrong with the rows", async () => {
    const { run, directory } = await site();
    await writeFile(join(directory, "train.csv"), "x0,x1,x2,x3,y\n1,2,3,four,0\n");
    await assert.rejects(run(work()), {
      code: "DATA_INVALID",
      message: /^train\.csv:2: the value of x3 must be a finite number/,
    });
  });

  it("end with the agent", async () => {
    const { run, steps } = await site();
    const working = run(endless);
    const waiting = run(endless);
    await steps.backend();
    const ended = Promise.all([
      assert.rejects(working, { code: "WORK_FAILED" }),
      assert.rejects(waiting, { code: "WORK_FAILED" }),
    ]);
    await steps.close();
    await ended;
    await assert.rejects(run(evaluation), { code: "WORK_FAILED", message: "The agent is stopping." });
  });
});
