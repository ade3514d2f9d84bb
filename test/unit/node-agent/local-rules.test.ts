import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, it } from "mocha";
import { seeded } from "#aggregation/random/random.js";
import {
  type AnyTensor,
  decodeAnyTensors,
  decodeTensors,
  encodeTensors,
} from "#aggregation/tensors/safetensors.js";
import { elementCount, type TensorSpec } from "#aggregation/tensors/spec.js";
import { describeLayers } from "#aggregation/topology/describe.js";
import { namedModel } from "#aggregation/topology/named-models.js";
import { parseSiteId } from "#kernel/ids.js";
import { silentLog } from "#kernel/log.js";
import { datasetConfigSchema } from "#node-agent/data/config.js";
import { openDatasets } from "#node-agent/data/datasets.js";
import { createSteps, type Steps } from "#node-agent/steps/index.js";
import type { StepAnswer } from "#node-agent/steps/step.js";
import { checkAnswer, shapeOf } from "#proto/work/shape.js";
import { type TrainBody, train } from "#proto/work/train.js";
import { temporaryFolders } from "#test/support/folders.js";
import { initialModel } from "../../support/initial-model.js";
import { type Descent, descend, type Weights } from "../../support/reference-mlp.js";

const layers = namedModel({ name: "mlp", input: [3], classes: 2, hidden: [4] });
const specs = describeLayers(layers).tensors;
const base = decodeTensors(initialModel(layers, 3));
const start: Weights = base.map(({ values }) => [...values]);

/** 20 rows: three numbers, and a class that they tell. */
const random = seeded("rows");
const rows = Array.from({ length: 20 }, (_, row) => ({
  label: row % 2,
  x: Array.from({ length: 3 }, () => Number((random.normal() + (row % 2)).toFixed(3))),
}));
const plainRows = {
  features: rows.map(({ x }) => x.map(Math.fround)),
  classes: rows.map(({ label }) => label),
};

const local = { epochs: 3, batch: 8, learningRate: 0.2 };
const seed = 11;
const draw = 5;
/** Three steps in each epoch. */
const steps = 9;
const reference: Descent = { ...local, seed: ["train", seed, draw, "acme/berlin"] };

/** Some numbers for each weight, each a float32. */
const numbers = (word: string): number[][] => {
  const source = seeded(word);
  return specs.map((spec) =>
    Array.from({ length: elementCount(spec) }, () => Math.fround(source.normal() / 10)),
  );
};
const zeros: Weights = start.map((values) => values.map(() => 0));

const controlled = (values: readonly (readonly number[])[], dtype: "F32" | "F64"): AnyTensor[] =>
  specs.map(({ name, shape }: TensorSpec, place): AnyTensor => {
    const own = values[place] ?? [];
    return dtype === "F32"
      ? { name: `control/${name}`, dtype, shape, values: Float32Array.from(own) }
      : { name: `control/${name}`, dtype, shape, values: Float64Array.from(own) };
  });

function close(found: readonly ArrayLike<number>[], expected: Weights, tolerance = 2e-6): void {
  assert.equal(found.length, expected.length);
  for (const [place, values] of expected.entries()) {
    const got = found[place] ?? [];
    assert.equal(got.length, values.length);
    for (const [at, value] of values.entries()) {
      const difference = Math.abs((got[at] ?? Number.NaN) - value);
      assert.ok(difference <= tolerance, `weight ${place}, value ${at}: ${difference} from ${value}`);
    }
  }
}

/** (x - y) / (K lr) - c: how SCAFFOLD's option II changes a site's control variates. */
const changeOf = (after: Weights, server: Weights): Weights =>
  start.map((values, place) =>
    values.map(
      (x, at) => (x - (after[place]?.[at] ?? 0)) / (steps * local.learningRate) - (server[place]?.[at] ?? 0),
    ),
  );

const folder = temporaryFolders();
const opened: Steps[] = [];
afterEach(async () => {
  for (const steps of opened.splice(0)) await steps.close();
});

async function site(backend: "wasm" | "cpu") {
  const dir = await folder();
  const lines = rows.map(({ label, x }) => `${x.join(",")},${label}`);
  await writeFile(join(dir, "rows.csv"), `a,b,c,y\n${lines.join("\n")}\n`);
  await writeFile(join(dir, "base.safetensors"), initialModel(layers, 3));
  const config = datasetConfigSchema.parse({
    name: "rows",
    path: "rows.csv",
    columns: { a: "number", b: "number", c: "number", y: { type: "category", classes: 2 } },
    target: "y",
  });
  const all = createSteps({ datasets: openDatasets([config], dir), backend, minCell: 5, log: silentLog });
  opened.push(all);
  const step = all.steps.find(({ kind }) => kind === train) ?? assert.fail("no step trains");
  let runs = 0;

  /** Trains by some rules; what goes with the answer has passed the check of its declaration. */
  return async (
    rules: object,
    given: { server?: readonly AnyTensor[]; state?: string } = {},
  ): Promise<StepAnswer & { body: TrainBody; model: Weights; control: Weights }> => {
    const directory = join(dir, String(++runs));
    await mkdir(directory);
    const serverPath = join(directory, "server");
    if (given.server !== undefined) await writeFile(serverPath, encodeTensors(given.server));
    const inputs: Record<string, string | undefined> = {
      base: join(dir, "base.safetensors"),
      control: given.server && serverPath,
    };
    const body = train.body.parse({ dataset: { name: "rows" }, layers, local: { ...local, ...rules }, seed });
    const answer = await step.run(body, {
      site: parseSiteId("acme/berlin"),
      draw,
      directory,
      input: (name) => Promise.resolve(inputs[name] === undefined ? undefined : { path: inputs[name] }),
      state: given.state === undefined ? undefined : { path: given.state },
      signal: new AbortController().signal,
      progress: () => undefined,
    });
    const tensors = decodeTensors(await readFile(answer.updatePath ?? ""));
    checkAnswer("train", shapeOf(train, body), { ...answer, tensors, value: undefined }, rows.length);
    const values = tensors.map((tensor) => [...tensor.values]);
    return { ...answer, body, model: values.slice(0, specs.length), control: values.slice(specs.length) };
  };
}

const kept = async ({ statePath }: StepAnswer): Promise<AnyTensor[]> =>
  decodeAnyTensors(await readFile(statePath ?? assert.fail("nothing is kept")));

for (const backend of ["cpu", "wasm"] as const) {
  describe(`local training on ${backend}, against plain float64`, () => {
    it("is stochastic gradient descent where no rule is given", async () => {
      const run = await site(backend);
      const answer = await run({});
      close(answer.model, descend(start, plainRows, reference).weights);
      assert.deepEqual(Object.keys(answer.figures).sort(), ["accuracy", "loss"]);
      assert.equal(answer.statePath, undefined);
      assert.deepEqual(answer.control, []);
    });

    it("pulls back to the base model by a proximal term (FedProx)", async () => {
      const run = await site(backend);
      const answers: Weights[] = [];
      for (const prox of [0.5, 2]) {
        const answer = await run({ prox });
        close(answer.model, descend(start, plainRows, { ...reference, prox }).weights);
        answers.push(answer.model);
      }
      // The term is no matter of rounding.
      assert.throws(() => close(answers[0] ?? [], answers[1] ?? []));
    });

    it("gives the same bytes without a rule and with a rule that adds nothing", async () => {
      const run = await site(backend);
      const [plain, pulled] = [await run({}), await run({ prox: 0 })];
      assert.deepEqual(await readFile(pulled.updatePath ?? ""), await readFile(plain.updatePath ?? ""));
    });

    it("corrects its steps by control variates that are 0 at first (SCAFFOLD, option II)", async () => {
      const run = await site(backend);
      const answer = await run({ control: true });
      const { weights, steps: taken } = descend(start, plainRows, reference);
      assert.equal(taken, steps);
      close(answer.model, weights);
      close(answer.control, changeOf(weights, zeros));
      const own = await kept(answer);
      assert.deepEqual(
        own.map(({ name, dtype }) => [name, dtype]),
        specs.map(({ name }) => [`control/${name}`, "F64"]),
      );
      assert.deepEqual(
        own.map(({ values }) => [...values]),
        answer.control,
      );
    });

    for (const dtype of ["F64", "F32"] as const) {
      it(`goes on with the server's control variates (${dtype}) and with its own`, async () => {
        const run = await site(backend);
        const first = await run({ control: true });
        const own: Weights = first.control;
        const server = numbers("server");
        const answer = await run(
          { control: true },
          {
            server: controlled(server, dtype),
            ...(first.statePath !== undefined && { state: first.statePath }),
          },
        );
        const { weights } = descend(start, plainRows, { ...reference, control: { server, own } });
        close(answer.model, weights);
        const change = changeOf(weights, server);
        close(answer.control, change);
        // Exactly what the server is told: rounded once, for both.
        assert.deepEqual(
          (await kept(answer)).map(({ values }) => [...values]),
          own.map((values, place) => values.map((value, at) => value + (answer.control[place]?.[at] ?? 0))),
        );
      });
    }

    it("refuses control variates that lack one of a tensor", async () => {
      const run = await site(backend);
      const sent = controlled(numbers("server"), "F64").filter((_, place) => place !== 1);
      await assert.rejects(run({ control: true }, { server: sent }), { code: "UPDATE_SCHEMA_WRONG" });
    });

    it("does both at once, and counts its steps", async () => {
      const run = await site(backend);
      const server = numbers("server");
      const answer = await run(
        { control: true, prox: 0.3, steps: true },
        { server: controlled(server, "F64") },
      );
      const both = { ...reference, prox: 0.3, control: { server, own: zeros } };
      close(answer.model, descend(start, plainRows, both).weights);
      assert.equal(answer.figures["steps"], steps);
    });

    it("refuses control variates of another shape", async () => {
      const run = await site(backend);
      const [first, ...rest] = controlled(numbers("server"), "F64");
      assert.ok(first);
      const wrong: AnyTensor = { name: first.name, dtype: "F64", shape: [1], values: Float64Array.of(1) };
      await assert.rejects(run({ control: true }, { server: [wrong, ...rest] }), {
        code: "UPDATE_SCHEMA_WRONG",
        message: /control\/.* must have shape \[3,4\]/,
      });
    });
  });
}

describe("local training without an epoch", () => {
  it("changes no control variate, and keeps the site's own", async () => {
    const run = await site("cpu");
    const first = await run({ control: true });
    const answer = await run(
      { control: true, epochs: 0 },
      {
        server: controlled(numbers("server"), "F64"),
        ...(first.statePath !== undefined && { state: first.statePath }),
      },
    );
    assert.deepEqual(answer.model, start);
    assert.deepEqual(answer.control, zeros);
    assert.deepEqual(await kept(answer), await kept(first));
    assert.equal(answer.samples, rows.length);
  });

  it("is refused where its steps are counted: they are divided by", () => {
    const parsed = train.body.safeParse({
      dataset: { name: "rows" },
      layers,
      local: { epochs: 0, steps: true },
      seed,
    });
    assert.equal(parsed.success, false);
    assert.match(parsed.error.message, /at least 1 where the steps are counted/);
  });
});
