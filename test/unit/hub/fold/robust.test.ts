import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { encodeTensors } from "#aggregation/tensors/safetensors.js";
import { follow } from "#hub/fold/follow.js";
import { foldHere } from "#hub/fold/here.js";
import type { FoldDone, FoldJob } from "#hub/fold/job.js";
import { TileBoard } from "#hub/fold/tile-board.js";
import type { Json } from "#kernel/json.js";
import { answerOf, jobOf, outputOf } from "#test/support/folds.js";

type Rows = readonly (readonly number[])[];

function jobFor(folder: string, rows: Rows, options: Json = {}, samples: readonly number[] = []): FoldJob {
  const shape = [rows[0]?.length ?? 0];
  const answers = rows.map((row, at) => {
    const values = Float32Array.from(row);
    const inline = encodeTensors([{ name: "w", dtype: "F32", shape, values }]);
    return answerOf({ inline }, { samples: samples[at] ?? 1 });
  });
  return jobOf({
    folder,
    options,
    groups: { model: [{ name: "w", dtype: "F32", shape }] },
    answers,
    outPath: "",
  });
}
const numbers = (done: FoldDone) => Array.from(outputOf(done, "model")[0]?.values as Float32Array);
const folded = (...given: Parameters<typeof jobFor>) => numbers(foldHere(jobFor(...given)));

const value = fc.float({ min: -100, max: 100, noNaN: true });
const rowsOf = (least: number, most: number) =>
  fc.integer({ min: 1, max: 6 }).chain((length) =>
    fc.array(fc.array(value, { minLength: length, maxLength: length }), {
      minLength: least,
      maxLength: most,
    }),
  );

/** The values of one place, sorted by the language's own sort. */
const columns = (rows: Rows) =>
  (rows[0] ?? []).map((_, i) => rows.map((row) => row[i] ?? 0).sort((a, b) => a - b));
const close = (found: readonly number[], wanted: readonly number[]) => {
  assert.equal(found.length, wanted.length);
  for (const [i, one] of found.entries())
    assert.ok(Math.abs(one - (wanted[i] ?? Number.NaN)) <= 1e-5, `${one} is not ${wanted[i]}`);
};

describe("strategies that look at every answer", () => {
  it("tell too few answers as what it is, in the caller's thread as in one of their own", () => {
    const job = jobFor("krum", [[1], [2], [3]], { f: 1 });
    assert.throws(() => foldHere(job), {
      name: "ComityError",
      code: "SITES_TOO_FEW",
      message: /needs 5 answers/,
    });
  });

  it("median: the middle one, of an even number the mean of two; few or many sites", () => {
    const middle = (sorted: readonly number[]) => {
      const half = Math.floor(sorted.length / 2);
      return sorted.length % 2 === 1 ? sorted[half] : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
    };
    fc.assert(
      fc.property(fc.oneof(rowsOf(1, 9), rowsOf(33, 40)), (rows) =>
        close(
          folded("median", rows),
          columns(rows).map((sorted) => middle(sorted) ?? 0),
        ),
      ),
    );
    assert.deepEqual(folded("median", [[1], [100], [2]]), [2]);
    assert.deepEqual(folded("median", [[1], [100], [2], [3]]), [2.5]);
  });

  it("trimmed mean: without the least and the greatest, by share or by number", () => {
    const trimmed = (trim: (sites: number) => number) => (rows: Rows) =>
      columns(rows).map((sorted) => {
        const kept = sorted.slice(trim(sorted.length), sorted.length - trim(sorted.length));
        return kept.reduce((sum, one) => sum + one, 0) / kept.length;
      });
    const byFifth = trimmed((sites) => Math.floor(0.2 * sites));
    const byTwo = trimmed(() => 2);
    fc.assert(
      fc.property(rowsOf(5, 12), (rows) => {
        close(folded("trimmed-mean", rows), byFifth(rows));
        close(folded("trimmed-mean", rows, { trim: 2 }), byTwo(rows));
        close(folded("trimmed-mean", rows, { beta: 0 }), trimmed(() => 0)(rows));
      }),
    );
    assert.deepEqual(folded("trimmed-mean", [[-1000], [1], [2], [3], [1e6]]), [2]);
  });

  it("trimmed mean: refuses to leave out all, with the numbers", () => {
    assert.throws(() => folded("trimmed-mean", [[1], [2], [3], [4]], { trim: 2 }), {
      code: "SITES_TOO_FEW",
      message: "trimmed-mean needs 5 answers with these options; there are 4.",
    });
    assert.throws(() => folded("trimmed-mean", [[1]], { beta: 0.5 }), /`beta`: .*<0\.5/);
    assert.throws(
      () => folded("trimmed-mean", [[1]], { beta: 0.1, trim: 1 }),
      /give `beta` or `trim`, not both/,
    );
  });

  it("cannot be moved beyond the honest sites by fewer than half of them", () => {
    const given = fc.record({
      honest: fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 8 }),
      liars: fc.array(fc.float({ min: -(2 ** 100), max: 2 ** 100, noNaN: true }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(given, ({ honest, liars }) => {
        const rows = [...liars, ...honest].map((one) => [one]);
        const [low, high] = [Math.min(...honest), Math.max(...honest)];
        const found = [...folded("median", rows), ...folded("trimmed-mean", rows, { trim: liars.length })];
        for (const one of found) assert.ok(one >= low - 1e-6 && one <= high + 1e-6, `${one}`);
      }),
    );
  });

  it("Krum: takes the site nearest to the others, by a search over all pairs", () => {
    const given = fc.record({
      rows: rowsOf(5, 9),
      f: fc.integer({ min: 0, max: 1 }),
      take: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(given, ({ rows, f, take }) => {
        const distance = (a: readonly number[], b: readonly number[]) =>
          a.reduce((sum, one, i) => sum + (one - (b[i] ?? 0)) ** 2, 0);
        const scores = rows.map((row, at) =>
          rows
            .filter((_, other) => other !== at)
            .map((other) => distance(row, other))
            .sort((a, b) => a - b)
            .slice(0, rows.length - f - 2)
            .reduce((sum, one) => sum + one, 0),
        );
        const sorted = [...scores].sort((a, b) => a - b);
        // With scores that are as good as equal, the last bit decides.
        fc.pre(sorted.every((one, i) => i === 0 || one - (sorted[i - 1] ?? 0) > 1e-6));
        const chosen = scores.flatMap((score, at) => (sorted.indexOf(score) < take ? [at] : []));
        const done = foldHere(jobFor("krum", rows, { f, take }));
        assert.deepEqual(done.value, { chosen });
        const mean =
          rows[0]?.map((_, i) => chosen.reduce((sum, at) => sum + (rows[at]?.[i] ?? 0), 0) / take) ?? [];
        close(numbers(done), mean);
      }),
    );
  });

  it("Krum: takes one of the honest cluster, whatever f sites send", () => {
    const given = fc.integer({ min: 1, max: 3 }).chain((f) =>
      fc.record({
        f: fc.constant(f),
        honest: fc.array(
          fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
          {
            minLength: f + 3,
            maxLength: f + 6,
          },
        ),
        // Together in one place, or each elsewhere.
        liars: fc.array(fc.tuple(fc.float({ min: 20, max: 1000, noNaN: true }), fc.boolean()), {
          minLength: f,
          maxLength: f,
        }),
        place: fc.nat(),
      }),
    );
    fc.assert(
      fc.property(given, ({ f, honest, liars, place }) => {
        const rows = [...honest];
        for (const [far, together] of liars) {
          const at = place % (rows.length + 1);
          rows.splice(at, 0, together ? [500, 500, 500] : [far, -far, far]);
        }
        const { value: told } = foldHere(jobFor("krum", rows, { f }));
        const [chosen = -1] = (told as { chosen: number[] }).chosen;
        assert.ok(
          rows[chosen]?.every((one) => Math.abs(one) <= 1),
          `${chosen}`,
        );
      }),
    );
  });

  it("Krum: of equals the first; rows count only where that is asked for", () => {
    assert.deepEqual(foldHere(jobFor("krum", [[1], [1], [1]])).value, { chosen: [0] });
    const rows = [[0], [4], [4], [4.5], [5], [90]];
    // Nearest three: of 4.5 at 0.25 each, of both 4 at 0, 0.25 and 1.
    assert.deepEqual(folded("krum", rows, { f: 1, take: 2 }, [9, 1, 3, 1, 1, 1]), [4.25]);
    const three = { f: 1, take: 3 };
    assert.deepEqual(foldHere(jobFor("krum", rows, three)).value, { chosen: [1, 2, 3] });
    close(folded("krum", rows, three, [9, 1, 2, 1]), [12.5 / 3]);
    close(folded("krum", rows, { ...three, weighted: true }, [9, 1, 2, 1]), [(4 + 8 + 4.5) / 4]);
  });

  it("Krum: needs 2 f + 3 sites, and f + 2 besides those it takes", () => {
    const rows = [[1], [2], [3], [4]];
    const refuses = (options: Json, least: number) =>
      assert.throws(() => folded("krum", rows, options), {
        code: "SITES_TOO_FEW",
        message: `krum needs ${least} answers with these options; there are 4.`,
      });
    refuses({ f: 1 }, 5);
    refuses({ take: 3 }, 5);
    assert.equal(folded("krum", rows, { take: 2 }).length, 1);
  });

  it("Krum: does not measure counters, and takes them as they are", () => {
    const answers = [
      [1, 0],
      [1.1, 1_000_000],
      [0.9, -5],
      [50, 0],
    ].map(([weight = 0, count = 0]) =>
      answerOf({
        inline: encodeTensors([
          { name: "steps", dtype: "I64", shape: [1], values: BigInt64Array.of(BigInt(count)) },
          { name: "w", dtype: "F32", shape: [1], values: Float32Array.of(weight) },
        ]),
      }),
    );
    const groups = {
      model: [
        { name: "steps", dtype: "I64" as const, shape: [1] },
        { name: "w", dtype: "F32" as const, shape: [1] },
      ],
    };
    const done = foldHere(
      jobOf({ folder: "krum", groups, answers: [...answers.slice(1), ...answers.slice(0, 1)], outPath: "" }),
    );
    assert.deepEqual(done.value, { chosen: [3] });
    assert.deepEqual(outputOf(done, "model")[0]?.values, BigInt64Array.of(0n));
    const counted = foldHere(jobOf({ folder: "median", groups, answers: answers.slice(0, 3), outPath: "" }));
    assert.deepEqual(outputOf(counted, "model")[0]?.values, BigInt64Array.of(0n));
  });

  it("measure alone when there are so many sites that a part does not fit where threads share", () => {
    const rows = Array.from({ length: 300 }, (_, at) => [at === 7 ? 0 : at + 10]);
    const job = jobFor("krum", rows, { f: 100 });
    const board = new TileBoard();
    assert.equal(follow({ job, step: undefined, leads: false }, board), undefined);
    const end = follow({ job, step: undefined, leads: true }, board);
    assert.ok(end && "step" in end);
    const { value: told } = foldHere(job);
    assert.deepEqual(end.step, { go: { places: (told as { chosen: number[] }).chosen, weights: [1] } });
  });
});
