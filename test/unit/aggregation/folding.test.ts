import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { EachPass, MeasurePass } from "#aggregation/folding/each.js";
import { LinearPass } from "#aggregation/folding/linear.js";
import type { FoldMaterial, PassOptions, Source, WritePass } from "#aggregation/folding/pass.js";
import { createJavaScriptKernels } from "#aggregation/kernels/javascript.js";
import { answerFault } from "#aggregation/strategies/fault.js";
import { fedavg } from "#aggregation/strategies/fedavg.js";
import { findStrategy, strategies } from "#aggregation/strategies/index.js";
import { krum } from "#aggregation/strategies/krum.js";
import { parseOptions } from "#aggregation/strategies/options.js";
import type { Strategy } from "#aggregation/strategies/strategy.js";
import { type Dtype, dtypes } from "#aggregation/tensors/dtypes.js";
import { type Groups, groupedTensors } from "#aggregation/tensors/groups.js";
import { elementCount, type TensorSpec, totalBytes } from "#aggregation/tensors/spec.js";
import { ValueRoom } from "#aggregation/tensors/values.js";

/** Values of any types in memory. */
function sourceOf(specs: readonly TensorSpec[], value: (at: number) => number): Source {
  const bytes = new Uint8Array(totalBytes(specs));
  let [at, offset] = [0, 0];
  for (const spec of specs) {
    const n = elementCount(spec);
    const room = new ValueRoom(n);
    assert.equal(
      room.write(
        spec.dtype,
        Float64Array.from({ length: n }, () => value(at++)),
      ),
      -1,
    );
    bytes.set(room.part(spec.dtype, n), offset);
    offset += n * dtypes[spec.dtype].bytes;
  }
  return {
    read(target, from) {
      assert.ok(from + target.length <= bytes.length, "it reads beyond the end");
      target.set(bytes.subarray(from, from + target.length));
    },
  };
}

/** Anything that looks like the values of a training, told apart by a seed. */
const values = (seed: number) => (at: number) => Math.fround(Math.sin(at * 12.9898 + seed * 78.233) * 3);

function materialOf(groups: Groups, answers: number, server: Groups, seed = 1): FoldMaterial {
  const specs = groupedTensors(groups);
  return {
    groups,
    answers: Array.from({ length: answers }, (_, k) => ({
      samples: k + 1,
      figures: { steps: 2 * k + 1 },
      stale: k,
      source: sourceOf(specs, values(seed + k)),
    })),
    base: sourceOf(groups["model"] ?? [], values(seed - 1)),
    server: sourceOf(groupedTensors(server), (at) => Math.abs(values(seed + 99)(at))),
    sites: answers,
    population: answers + 3,
  };
}

/** The bytes of each output, group after group, made tile by tile in some order. */
function bytesOf(pass: WritePass, backwards: boolean): Record<string, number[]> {
  const tiles = [...Array(pass.tiles).keys()];
  if (backwards) tiles.reverse();
  const made = new Map(tiles.map((index) => [index, pass.tile(index).slice()]));
  const out: Record<string, number[]> = {};
  for (let index = 0; index < pass.tiles; index++) {
    let at = 0;
    for (const { output, group, bytes } of pass.pieces(index)) {
      (out[`${output}/${group}`] ??= []).push(...(made.get(index)?.subarray(at, at + bytes) ?? []));
      at += bytes;
    }
    assert.equal(at, made.get(index)?.length);
  }
  return out;
}

const floats = ["F32", "F64", "BF16"] as const;
const modelOf = (some: readonly Dtype[]) =>
  fc.array(
    fc.record({
      dtype: fc.oneof({ weight: 3, arbitrary: fc.constant("F32" as const) }, fc.constantFrom(...some)),
      shape: fc.oneof(
        fc.integer({ min: 0, max: 90 }).map((n) => [n]),
        fc.constant([]),
      ),
    }),
    { minLength: 1, maxLength: 5 },
  );
const named = (some: readonly Omit<TensorSpec, "name">[]) =>
  some.map((spec, at) => ({ ...spec, name: `t${at}` }));

function passOf(strategy: Strategy, material: FoldMaterial, how: PassOptions): WritePass {
  const options = parseOptions(strategy, {});
  if (strategy.form === "linear") return new LinearPass(strategy, options, material, how);
  const decided = strategy.decide(options, material.answers, measuredOf(strategy, material, how), undefined);
  return new EachPass(strategy, options, "go" in decided ? decided.go : assert.fail(), material, how);
}

function measuredOf(strategy: Strategy, material: FoldMaterial, how: PassOptions): Float64Array {
  if (strategy.form === "linear" || strategy.measure === undefined) return new Float64Array(0);
  const pass = new MeasurePass(strategy, parseOptions(strategy, {}), undefined, material, how);
  for (let index = 0; index < pass.tiles; index++) pass.add(pass.tile(index));
  return pass.measured;
}

const groupsFor = (strategy: Strategy, model: readonly TensorSpec[]): Groups => ({
  model,
  ...Object.fromEntries((strategy.needs.groups ?? []).map((group) => [group, model])),
});

describe("folding tile by tile", () => {
  for (const strategy of strategies) {
    it(`${strategy.name}: gives the same bytes whatever the tiles and their order`, () => {
      const allowed: readonly Dtype[] = strategy.integers === true ? [...floats, "I32", "I64"] : floats;
      const given = fc.record({
        model: modelOf(allowed).map(named),
        answers: fc.integer({ min: 3, max: 6 }),
        tileValues: fc.integer({ min: 1, max: 4 }).map((n) => 16 * n),
      });
      fc.assert(
        fc.property(given, ({ model, answers, tileValues }) => {
          const groups = groupsFor(strategy, model);
          const material = materialOf(groups, answers, strategy.server?.(model) ?? {});
          const whole = passOf(strategy, material, {});
          const cut = passOf(strategy, material, { tileValues });
          const expected = bytesOf(whole, false);
          assert.deepEqual(bytesOf(cut, true), expected);
          assert.deepEqual(
            bytesOf(passOf(strategy, material, { kernels: createJavaScriptKernels }), false),
            expected,
          );
          const wanted = Object.entries(whole.outputs).flatMap(([name, made]) =>
            Object.entries(made).map(([group, specs]) => [`${name}/${group}`, totalBytes(specs)] as const),
          );
          for (const [key, bytes] of wanted) assert.equal(expected[key]?.length ?? 0, bytes, key);
        }),
        { numRuns: 40 },
      );
    });
  }

  it("takes the short way for a mean, with the same bits as the long one", () => {
    const given = fc.record({
      model: modelOf(floats).map(named),
      answers: fc.integer({ min: 1, max: 7 }),
      seed: fc.nat(1000),
    });
    const { mean, ...longWay } = fedavg;
    assert.equal(mean, true);
    fc.assert(
      fc.property(given, ({ model, answers, seed }) => {
        const material = materialOf({ model }, answers, {}, seed);
        const short = new LinearPass(fedavg, {}, material);
        const long = new LinearPass(longWay, {}, material);
        assert.deepEqual(bytesOf(short, false), bytesOf(long, false));
      }),
    );
    // The smallest numbers and signed zeros too.
    for (const value of [-0, 0, 2 ** -149, -(2 ** -149)]) {
      const model: TensorSpec[] = [{ name: "w", dtype: "F32", shape: [20] }];
      const material = {
        ...materialOf({ model }, 1, {}),
        answers: [{ samples: 3, figures: {}, stale: 0, source: sourceOf(model, () => value) }],
      };
      const [short, long] = [new LinearPass(fedavg, {}, material), new LinearPass(longWay, {}, material)];
      assert.deepEqual(bytesOf(short, false), bytesOf(long, false));
      assert.deepEqual(bytesOf(short, false)["model/model"], [
        ...new Uint8Array(Float32Array.from({ length: 20 }, () => value).buffer),
      ]);
    }
  });

  it("adds up what it measures in the order of blocks, however many a tile has", () => {
    const model: TensorSpec[] = [
      { name: "a", dtype: "F32", shape: [9000] },
      { name: "n", dtype: "I32", shape: [5000] },
      { name: "b", dtype: "F64", shape: [4097] },
    ];
    const material = materialOf({ model }, 5, {});
    const sums = [1, 4096, 8192, 1 << 16].map((tileValues) => measuredOf(krum, material, { tileValues }));
    for (const one of sums) assert.deepEqual(one, sums[0]);
    assert.deepEqual(measuredOf(krum, material, {}), sums[0]);
    // A pair's distance over all floating values, by the definition.
    let want = 0;
    for (let at = 0; at < 18_097; at++) {
      const place = at < 9000 ? at : at >= 14_000 ? at : undefined;
      if (place !== undefined) want += (values(1)(place) - values(2)(place)) ** 2;
    }
    assert.ok(Math.abs((sums[0]?.[0] ?? 0) / want - 1) < 1e-9);
  });

  it("rounds whole numbers to the nearest, of two the even one", () => {
    const model: TensorSpec[] = [{ name: "n", dtype: "I32", shape: [3] }];
    const counts = [
      [1, 2, -5],
      [2, 3, -6],
    ];
    const material = materialOf({ model }, 2, {});
    const answers = material.answers.map((answer, k) => ({
      ...answer,
      samples: 1,
      source: sourceOf(model, (at) => counts[k]?.[at] ?? 0),
    }));
    for (const name of ["fedavg", "median", "trimmed-mean"]) {
      const pass = passOf(findStrategy(name) ?? assert.fail(), { ...material, answers }, {});
      assert.deepEqual(bytesOf(pass, false)["model/model"], [
        ...new Uint8Array(Int32Array.of(2, 2, -6).buffer),
      ]);
    }
    for (const { name, integers } of strategies) {
      const strategy = findStrategy(name) ?? assert.fail();
      if (integers !== true)
        assert.throws(() => passOf(strategy, materialOf(groupsFor(strategy, model), 3, {}), {}), {
          code: "ARGUMENT_INVALID",
          message: `Tensor "n" holds whole numbers (I32), for which the steps of ${name} have no meaning.`,
        });
    }
  });

  it("needs memory for some tiles, whatever the size of the model", () => {
    const blank: Source = { read: (target) => void target.fill(0) };
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (const strategy of strategies) {
      const model: TensorSpec[] = [{ name: "w", dtype: "F32", shape: [1e9] }];
      const groups = groupsFor(strategy, model);
      const answers = Array.from({ length: 16 }, () => ({
        samples: 1,
        figures: { steps: 1 },
        stale: 0,
        source: blank,
      }));
      const material = { groups, answers, base: blank, server: blank, sites: 16, population: 16 };
      const options = parseOptions(strategy, {});
      const passes =
        strategy.form === "linear"
          ? [new LinearPass(strategy, options, material)]
          : [new EachPass(strategy, options, { places: [3], weights: [1] }, material)];
      if (strategy.form === "each" && strategy.measure !== undefined) {
        const measure = new MeasurePass(strategy, options, undefined, material);
        measure.add(measure.tile(measure.tiles - 1));
      }
      for (const pass of passes) {
        assert.ok(pass.tiles > 1000);
        assert.ok(pass.tile(pass.tiles - 1).length <= 256 * 1024);
      }
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    // Of all strategies together, though none has been collected: each a few tiles of at most 64 Ki values.
    assert.ok(most < 160e6, `${most}`);
  });

  it("tells which answers it could not fold", () => {
    const fednova = findStrategy("fednova") ?? assert.fail();
    const fact = (figures: Record<string, number>) => answerFault(fednova, { samples: 1, figures, stale: 0 });
    assert.equal(fact({ steps: 4 }), undefined);
    assert.match(fact({}) ?? "", /no figure "steps"/);
    assert.match(fact({ steps: Number.POSITIVE_INFINITY }) ?? "", /is Infinity/);
    assert.match(fact({ steps: -2 }) ?? "", /is -2; it must be 1 at least/);
    assert.equal(
      answerFault(findStrategy("median") ?? assert.fail(), { samples: 1, figures: {}, stale: 0 }),
      undefined,
    );
  });
});
