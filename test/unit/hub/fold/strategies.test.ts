import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { decodeAnyTensors, encodeTensors } from "#aggregation/tensors/safetensors.js";
import type { Bytes } from "#hub/blobs/reader.js";
import { foldHere } from "#hub/fold/here.js";
import type { FoldDone, FoldInput } from "#hub/fold/job.js";
import type { Json } from "#kernel/json.js";
import { answerOf, bytesOf, jobOf, outputOf } from "#test/support/folds.js";

/** What one site has made of the model. */
interface Site {
  readonly n: number;
  readonly y: readonly number[];
  readonly steps?: number;
  readonly stale?: number;
  /** What the site was given, where that is not what all were. */
  readonly x?: readonly number[];
  readonly control?: readonly number[];
}

const tensor = (name: string, values: readonly number[]) => ({
  name,
  dtype: "F32" as const,
  shape: [values.length],
  values: Float32Array.from(values),
});
const blob = (values: readonly number[]): Bytes => ({ inline: encodeTensors([tensor("w", values)]) });

function input({ n, y, steps, stale = 0, x, control }: Site): FoldInput {
  const tensors = [tensor("w", y), ...(control === undefined ? [] : [tensor("control/w", control)])];
  const figures = steps === undefined ? {} : { steps };
  const base = x === undefined ? {} : { base: blob(x) };
  return answerOf({ inline: encodeTensors(tensors) }, { samples: n, figures, stale, ...base });
}

interface Round {
  readonly options?: Json;
  readonly population?: number;
  readonly server?: Bytes | undefined;
}

function fold(
  folder: string,
  x: readonly number[],
  sites: readonly Site[],
  { options = {}, population = sites.length, server }: Round = {},
): FoldDone {
  const spec = { name: "w", dtype: "F32" as const, shape: [x.length] };
  const groups = { model: [spec], ...(sites[0]?.control !== undefined && { control: [spec] }) };
  return foldHere(
    jobOf({
      folder,
      options,
      groups,
      population,
      answers: sites.map(input),
      with: { base: blob(x), ...(server !== undefined && { server }) },
      outPath: "/nowhere/out",
    }),
  );
}

const numbers = (done: FoldDone, output: string): number[] =>
  outputOf(done, output).flatMap(({ values }) => Array.from(values as ArrayLike<number>));
const modelOf = (...given: Parameters<typeof fold>) => numbers(fold(...given), "model");

function near(found: readonly number[], wanted: readonly number[], relative: number): void {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of found.entries()) {
    const want = wanted[i] ?? Number.NaN;
    assert.ok(
      Math.abs(value - want) <= relative * Math.max(1e-3, Math.abs(want)),
      `${value} is not ${want} at ${i}`,
    );
  }
}

// ---- the same mathematics, written from the papers over plain arrays: vectors of one number for each weight -------------

type Vector = readonly number[];
const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): number[] =>
  a.map((x, i) => f(x, b[i] ?? Number.NaN));
const plus = (a: Vector, b: Vector) => zip(a, b, (x, y) => x + y);
const minus = (a: Vector, b: Vector) => zip(a, b, (x, y) => x - y);
const times = (k: number, a: Vector) => a.map((x) => k * x);
const total = (vectors: readonly Vector[]) => vectors.reduce(plus);
const weighted = (sites: readonly Site[], of: (site: Site) => Vector) =>
  times(1 / sites.reduce((sum, { n }) => sum + n, 0), total(sites.map((site) => times(site.n, of(site)))));

interface State {
  readonly x: Vector;
  readonly m?: Vector;
  readonly v?: Vector;
}
type Reference = (state: State, sites: readonly Site[], population: number) => State;

const moments =
  (learningRate: number, b1: number, tau: number, second: (v: number, d: number) => number): Reference =>
  ({ x, m = times(0, x), v = x.map(() => tau ** 2) }, sites) => {
    const d = weighted(sites, ({ y }) => minus(y, x));
    const next = { m: plus(times(b1, m), times(1 - b1, d)), v: zip(v, d, second) };
    return {
      ...next,
      x: plus(
        x,
        times(
          learningRate,
          zip(next.m, next.v, (a, b) => a / (Math.sqrt(b) + tau)),
        ),
      ),
    };
  };

const references: Record<string, readonly [options: Json, reference: Reference]> = {
  fedavg: [{}, (_state, sites) => ({ x: weighted(sites, ({ y }) => y) })],
  fedprox: [{ mu: 0.1 }, (_state, sites) => ({ x: weighted(sites, ({ y }) => y) })],
  fedavgm: [
    { beta: 0.7, learningRate: 0.5 },
    ({ x, m = times(0, x) }, sites) => {
      const next = plus(
        times(0.7, m),
        weighted(sites, ({ y }) => minus(y, x)),
      );
      return { m: next, x: plus(x, times(0.5, next)) };
    },
  ],
  "fedavgm, Nesterov": [
    { beta: 0.7, nesterov: true },
    ({ x, m = times(0, x) }, sites) => {
      const d = weighted(sites, ({ y }) => minus(y, x));
      const next = plus(times(0.7, m), d);
      return { m: next, x: plus(x, plus(d, times(0.7, next))) };
    },
  ],
  fedadagrad: [{ learningRate: 0.2 }, moments(0.2, 0, 1e-3, (v, d) => v + d ** 2)],
  fedadam: [{}, moments(0.1, 0.9, 1e-3, (v, d) => 0.99 * v + 0.01 * d ** 2)],
  fedyogi: [
    { tau: 0.01, beta2: 0.9 },
    moments(0.01, 0.9, 0.01, (v, d) => (v > d ** 2 ? v - 0.1 * d ** 2 : v < d ** 2 ? v + 0.1 * d ** 2 : v)),
  ],
  scaffold: [
    { learningRate: 0.5 },
    ({ x, m = times(0, x) }, sites, population) => {
      const mean = (of: (site: Site) => Vector) => times(1 / sites.length, total(sites.map(of)));
      return {
        x: plus(
          x,
          times(
            0.5,
            minus(
              mean(({ y }) => y),
              x,
            ),
          ),
        ),
        m: plus(
          m,
          times(
            sites.length / population,
            mean(({ control = [] }) => control),
          ),
        ),
      };
    },
  ],
  fednova: [
    {},
    ({ x }, sites) => {
      const rows = sites.reduce((sum, { n }) => sum + n, 0);
      const effective = sites.reduce((sum, { n, steps = 1 }) => sum + (n / rows) * steps, 0);
      const direction = total(sites.map(({ n, y, steps = 1 }) => times(n / rows / steps, minus(y, x))));
      return { x: plus(x, times(effective, direction)) };
    },
  ],
  fedbuff: [
    { learningRate: 0.5 },
    ({ x }, sites) => {
      const steps = sites.map(({ y, x: from = x, stale = 0 }) =>
        times((1 + stale) ** -0.5, minus(y, from.map(Math.fround))),
      );
      return { x: plus(x, times(0.5 / sites.length, total(steps))) };
    },
  ],
};

const value = fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround);
const vectorOf = (length: number) => fc.array(value, { minLength: length, maxLength: length });
const siteOf = (length: number, stream: boolean) =>
  fc.record({
    n: fc.integer({ min: 1, max: 1000 }),
    y: vectorOf(length),
    steps: fc.integer({ min: 1, max: 50 }),
    control: vectorOf(length),
    stale: stream ? fc.nat(20) : fc.constant(0),
    x: vectorOf(length),
  });
const rounds = (stream: boolean) =>
  fc.integer({ min: 1, max: 5 }).chain((length) =>
    fc.record({
      x: vectorOf(length),
      rounds: fc.array(fc.array(siteOf(length, stream), { minLength: 1, maxLength: 6 }), {
        minLength: 3,
        maxLength: 3,
      }),
    }),
  );

describe("linear strategies", () => {
  for (const [name, [options, reference]] of Object.entries(references)) {
    const folder = name.split(",")[0] ?? name;
    const stream = folder === "fedbuff";
    it(`${name}: three rounds are those of the paper`, () => {
      fc.assert(
        fc.property(rounds(stream), ({ x, rounds: all }) => {
          let state: State = { x };
          let done: FoldDone | undefined;
          for (const given of all) {
            const sites = given.map(({ x: own, control, ...site }) => ({
              ...site,
              ...(folder === "scaffold" && { control }),
              ...(stream && { x: own }),
            }));
            const population = sites.length + 2;
            const server = done?.blobs["server"] && { inline: bytesOf(done.blobs["server"]) };
            done = fold(folder, state.x, sites, { options, population, server });
            state = reference(state, sites, population);
            const model = numbers(done, "model");
            near(model, state.x, 1e-6);
            const kept = [...(state.m ?? []), ...(state.v ?? [])];
            near(done.blobs["server"] === undefined ? [] : numbers(done, "server"), kept, 1e-9);
            // The model is rounded once a round, the server's state is not.
            state = { ...state, x: model };
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  it("give what a person calculates", () => {
    const sites = [
      { n: 1, y: [2] },
      { n: 3, y: [4] },
    ];
    const check = (folder: string, options: Json, wanted: number, server?: readonly number[]) => {
      const done = fold(folder, [1], sites, { options });
      near(numbers(done, "model"), [wanted], 1e-7);
      if (server !== undefined) near(numbers(done, "server"), server, 1e-12);
    };
    // The mean is (2 + 12) / 4 = 3.5, the mean step 2.5.
    check("fedavg", {}, 3.5);
    check("fedprox", {}, 3.5);
    check("fedavgm", { learningRate: 2 }, 6, [2.5]);
    check("fedavgm", { nesterov: true, beta: 0.5 }, 1 + 2.5 + 1.25, [2.5]);
    check("fedadam", { v0: "zero", tau: 0.25 }, 1 + (0.1 * 0.25) / (0.25 + 0.25), [0.25, 0.0625]);
    check("fedadam", { tau: 0.5 }, 1 + (0.1 * 0.25) / (Math.sqrt(0.99 * 0.25 + 0.0625) + 0.5));
    check("fedyogi", { v0: "zero", tau: 0.25 }, 1 + (0.01 * 0.25) / (0.25 + 0.25), [0.25, 0.0625]);
    check("fedyogi", { tau: 10 }, 1 + (0.01 * 0.25) / (Math.sqrt(100 - 0.0625) + 10), [0.25, 99.9375]);
    check("fedadagrad", { v0: "zero", tau: 0.5 }, 1 + (0.1 * 2.5) / (2.5 + 0.5), [2.5, 6.25]);

    const controlled = fold(
      "scaffold",
      [0],
      [
        { n: 1, y: [1], control: [0.5] },
        { n: 9, y: [3], control: [1.5] },
      ],
      { population: 4 },
    );
    assert.deepEqual([numbers(controlled, "model"), numbers(controlled, "server")], [[2], [0.5]]);
    // By the name that the sites look for it: c of the server is not 0 for them.
    const kept = decodeAnyTensors(bytesOf(controlled.blobs["server"]));
    assert.deepEqual(
      kept.map(({ name, values }) => [name, ...values]),
      [["control/w", 0.5]],
    );

    // Steps 1 and 3 of length 1 each: effectively two of them.
    const nova = [
      { n: 5, y: [1], steps: 1 },
      { n: 5, y: [3], steps: 3 },
    ];
    assert.deepEqual(modelOf("fednova", [0], nova), [2]);

    const buffered = [
      { n: 1, y: [1], x: [0], stale: 0 },
      { n: 9, y: [5], x: [3], stale: 3 },
    ];
    assert.deepEqual(modelOf("fedbuff", [10], buffered), [11]);
  });

  it("are one another where the papers say so", () => {
    const given = rounds(false).map(({ x, rounds: [sites = []] }) => ({
      x,
      sites: sites.map(({ n, y, steps }) => ({ n, y, steps })),
    }));
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 30 }), ({ x, sites }, steps) => {
        const averaged = modelOf("fedavg", x, sites);
        assert.deepEqual(modelOf("fedprox", x, sites, { options: { mu: 0 } }), averaged);
        const equal = sites.map((site) => ({ ...site, steps }));
        // One rounding apart: of the difference to the model that the round began with, at most as large as the numbers in it.
        const most = Math.max(1e-3, ...x.map(Math.abs), ...sites.flatMap(({ y }) => y.map(Math.abs)));
        const close = (found: readonly number[]) =>
          found.forEach((one, i) => assert.ok(Math.abs(one - (averaged[i] ?? 0)) <= most * 2 ** -23));
        close(modelOf("fednova", x, equal));
        close(modelOf("fedavgm", x, sites, { options: { beta: 0, learningRate: 1 } }));
        close(modelOf("fedavgm", x, sites, { options: { beta: 0, learningRate: 1, nesterov: true } }));
        const same = sites.map((site) => ({ ...site, n: 1 }));
        const even = modelOf("fedavg", x, same);
        modelOf("fedbuff", x, same).forEach((one, i) =>
          assert.ok(Math.abs(one - (even[i] ?? 0)) <= most * 2 ** -23),
        );
      }),
    );
  });

  it("ask the sites for what they need", async () => {
    const { strategies } = await import("#aggregation/strategies/index.js");
    const { parseOptions } = await import("#aggregation/strategies/options.js");
    const rules = strategies.map((strategy) => [
      strategy.name,
      strategy.local?.(parseOptions(strategy, null)) ?? {},
    ]);
    assert.deepEqual(Object.fromEntries(rules.filter(([, rule]) => Object.keys(rule as object).length > 0)), {
      fedprox: { prox: 0.01 },
      scaffold: { control: true },
      fednova: { steps: true },
    });
  });

  it("go on from the server's blob, whoever has kept it", () => {
    const sites = [
      { n: 2, y: [1, -1], control: [0.1, 0.2] },
      { n: 1, y: [3, 1], control: [0.3, 0.4] },
    ];
    for (const folder of ["fedavgm", "fedadagrad", "fedadam", "fedyogi", "scaffold"]) {
      const own = folder === "scaffold" ? sites : sites.map(({ n, y }) => ({ n, y }));
      const first = fold(folder, [0, 0], own);
      const x = numbers(first, "model");
      const server = { inline: bytesOf(first.blobs["server"]) };
      const second = fold(folder, x, own, { server });
      const forgetful = fold(folder, x, own);
      assert.notEqual(second.blobs["server"]?.sha256, first.blobs["server"]?.sha256);
      assert.notEqual(second.blobs["server"]?.sha256, forgetful.blobs["server"]?.sha256);
      assert.equal(fold(folder, x, own, { server }).blobs["server"]?.sha256, second.blobs["server"]?.sha256);
    }
  });

  it("refuse what has no meaning, and say why", () => {
    const site = { n: 1, y: [1] };
    const refuses = (message: RegExp, ...given: Parameters<typeof fold>) =>
      assert.throws(() => fold(...given), { code: "ARGUMENT_INVALID", message });
    refuses(
      /Answer 1 cannot be folded: it has no figure "steps", which fednova needs/,
      "fednova",
      [0],
      [{ ...site, steps: 3 }, site],
    );
    refuses(/its figure "steps" is 0; it must be 1 at least/, "fednova", [0], [{ ...site, steps: 0 }]);
    refuses(/its figure "steps" is NaN/, "fednova", [0], [{ ...site, steps: Number.NaN }]);
    refuses(/scaffold needs the tensors "control" of each site/, "scaffold", [0], [site]);
    refuses(/fedavg has no use for the tensors "control"/, "fedavg", [0], [{ ...site, control: [1] }]);
    refuses(/scaffold folds 1 sites of a population of 0/, "scaffold", [0], [{ ...site, control: [1] }], {
      population: 0,
    });
    refuses(/at least one weight above 0; there are 1 answers/, "fedadam", [0], [{ ...site, n: 0 }]);
    refuses(/Weight 0 of fedavgm is -1/, "fedavgm", [0], [{ ...site, n: -1 }]);
    refuses(/unknown `momentum`: it has `learningRate`, `beta`, `nesterov`/, "fedavgm", [0], [site], {
      options: { momentum: 0.9 },
    });
    assert.throws(() => fold("fedadam", [0], []), { code: "SITES_TOO_FEW" });
    const job = jobOf({
      folder: "fedadam",
      groups: { model: [{ name: "w", dtype: "F32", shape: [1] }] },
      answers: [input(site)],
      outPath: "",
    });
    assert.throws(() => foldHere(job), /fedadam needs the model that answers were made from/);
  });

  it("never give a model with a number that is none", () => {
    const huge = 3e38;
    const sites = [{ n: 1, y: [huge, huge] }];
    assert.throws(() => fold("fedavgm", [huge, -huge], sites, { options: { learningRate: 2 } }), {
      code: "FOLD_OVERFLOW",
      message: 'Tensor "w" would hold a number at place 1 (from 0) that F32 cannot.',
    });
    assert.deepEqual(modelOf("fedavg", [0, 0], sites), [huge, huge].map(Math.fround));
  });
});
