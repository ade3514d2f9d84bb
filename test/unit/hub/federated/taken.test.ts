import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Assignment, AssignmentState } from "#hub/assignments/model.js";
import { assignmentIdOf } from "#hub/assignments/model.js";
import { freeSites, taken } from "#hub/federated/collect/taken.js";
import { hashBytes } from "#kernel/files.js";
import { parseRunId, parseSiteId } from "#kernel/ids.js";
import { assignmentOf, rule, stageOf } from "../../../support/stages.js";

const call = { runId: parseRunId("run-1"), effect: "e1" } as const;
const stream = stageOf(call, { position: 0, stage: "updates", concurrency: 3 });
const take = { name: "buffer", stream: "updates", after: 0, count: 2 };
const siteOf = (name: string) => parseSiteId(`acme/${name}`);

/** An assignment of the stream, given out when the stage had so many changes. */
const turn = (name: string, changes: number, more: Partial<Assignment> = {}): Assignment =>
  assignmentOf(stream, siteOf(name), {
    id: assignmentIdOf(stream, siteOf(name), changes),
    ...more,
  });

/** One that has arrived as the `arrival`th change of the stage. */
const arrived = (name: string, arrival: number, more: Partial<Assignment> = {}): Assignment =>
  turn(name, arrival - 1, { state: "delivered", arrival, ...more });

/** The order of arrival in what was taken. */
const arrivals = (list: readonly Assignment[], got: ReturnType<typeof taken>) =>
  got?.answers.map(({ assignment }) => list.find(({ id }) => id === assignment)?.arrival);

describe("what is taken out of a stream", () => {
  it("is the shortest beginning after the cursor that has enough answers, in the order of arrival", () => {
    const list = [arrived("a", 5), arrived("b", 2), arrived("c", 4), turn("d", 5)];
    const first = taken(stream, list, take, 1);
    assert.deepEqual([arrivals(list, first), first?.cursor, first?.asked], [[2, 4], 4, 2]);
    assert.equal(taken(stream, list, { ...take, after: 4 }, 2), undefined);
    assert.deepEqual(arrivals(list, taken(stream, list, { ...take, after: 4, count: 1 }, 2)), [5]);
  });

  it("has as many sites behind it as the rule asks for, however often one of them has answered", () => {
    const careful = { ...stream, rule: { ...rule, atLeast: 3 } };
    const list = [arrived("a", 1), arrived("a", 2), arrived("b", 3), arrived("a", 4)];
    assert.equal(taken(careful, list, take, 1), undefined);
    const more = [...list, arrived("c", 6), arrived("d", 7)];
    assert.deepEqual(arrivals(more, taken(careful, more, take, 1)), [1, 2, 3, 4, 6]);
    // A hub of a region stands for its sites, and twice for the same ones.
    const region = [arrived("region", 1, { behind: 2 }), arrived("region", 2, { behind: 2 })];
    assert.equal(taken(careful, region, take, 1), undefined);
    const [last] = [arrived("region", 3, { behind: 3 })];
    assert.deepEqual(arrivals([...region, last], taken(careful, [...region, last], take, 1)), [1, 2, 3]);
  });

  it("tells of each answer which model it was made from, and how many rounds ago it was asked for", () => {
    const [old, own] = [hashBytes("old"), hashBytes("own")].map((sha256) => ({ sha256, sizeBytes: 3 }));
    assert.ok(old !== undefined && own !== undefined);
    const stage = { ...stream, inputs: { base: old } };
    const list = [
      arrived("a", 1, { issued: 0, part: { inputs: { base: own } } }),
      arrived("b", 2, { issued: 3 }),
    ];
    const answers = taken(stage, list, take, 4)?.answers;
    assert.deepEqual(
      answers?.map(({ stale, base }) => [stale, base]),
      [
        [3, own],
        [0, old],
      ],
    );
  });

  it("passes by answers that are too old: they count neither as answers nor as sites, and are told as left", () => {
    const careful = { ...stream, rule: { ...rule, atLeast: 2 } };
    const fresh = { ...take, maxStale: 2 };
    const list = [
      arrived("old", 1, { issued: 0 }),
      arrived("a", 2, { issued: 3 }),
      arrived("a", 3, { issued: 2 }),
      arrived("older", 4, { issued: 1 }),
    ];
    assert.equal(taken(careful, list, fresh, 5), undefined);
    const more = [...list, arrived("b", 5, { issued: 4 })];
    const got = taken(careful, more, fresh, 5);
    assert.deepEqual([arrivals(more, got), got?.cursor, got?.asked], [[2, 3, 5], 5, 5]);
    const reason = (rounds: number) =>
      `its answer was made from a model of ${rounds} rounds ago; 2 are allowed`;
    assert.deepEqual(got?.left, [
      { site: "acme/old", kind: "train", state: "late", reason: reason(4) },
      { site: "acme/older", kind: "train", state: "late", reason: reason(3) },
    ]);
    assert.equal(taken(careful, more, { ...fresh, after: 5 }, 5), undefined);
  });

  it("is the same whenever one looks, in whatever order the rows come", () => {
    const answers = fc.array(
      fc.record({ site: fc.constantFrom("a", "b", "c", "d"), behind: fc.integer({ min: 1, max: 3 }) }),
      { maxLength: 12 },
    );
    const limits = fc.record({
      count: fc.integer({ min: 1, max: 5 }),
      atLeast: fc.integer({ min: 1, max: 4 }),
      after: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(answers, limits, fc.integer({ min: 0 }), (given, { count, atLeast, after }, seed) => {
        const stage = { ...stream, rule: { ...rule, atLeast } };
        const rows = given.map(({ site, behind }, at) => arrived(site, at + 1, { behind }));
        const whole = taken(stage, rows, { ...take, count, after }, 1);
        for (let seen = 0; seen <= rows.length; seen++) {
          const shuffled = rows.slice(0, seen).toSorted((a, b) => hash(a, seed) - hash(b, seed));
          const early = taken(stage, shuffled, { ...take, count, after }, 1);
          if (whole !== undefined && seen >= whole.cursor) assert.deepEqual(early, whole);
          else assert.equal(early, undefined);
        }
        if (whole === undefined) return;
        const got = rows.filter(({ arrival }) => arrival > after && arrival <= whole.cursor);
        const sites = [...new Set(got.map(({ site }) => site))];
        const most = (name: string) =>
          Math.max(...got.map(({ site, behind }) => (site === name ? behind : 0)));
        const behind = sites.reduce((sum, name) => sum + most(name), 0);
        assert.ok(got.length >= count && behind >= atLeast);
      }),
    );
  });
});

const hash = ({ arrival }: Assignment, seed: number): number => (arrival * 7919 + seed) % 104_729;

describe("the free sites of a stream", () => {
  const [a, b, c] = [siteOf("a"), siteOf("b"), siteOf("c")];

  it("are those that fit and have nothing to do, those first that were asked longest ago", () => {
    assert.deepEqual(freeSites([a, b, c], []), [a, b, c]);
    const list = [
      arrived("a", 3, { issued: 2 }),
      arrived("b", 2, { issued: 1 }),
      turn("c", 0, { state: "accepted" }),
    ];
    assert.deepEqual(freeSites([a, b, c], list), [b, a]);
    assert.deepEqual(freeSites([siteOf("new"), a, b], list), [siteOf("new"), b, a]);
    assert.deepEqual(freeSites([a], list), [a]);
  });

  it("are none that has refused or failed, nor one that has vanished; one that was late is asked again", () => {
    const one = (state: AssignmentState) => freeSites([a], [turn("a", 0, { state })]);
    for (const state of ["offered", "accepted", "refused", "failed", "vanished"] as const)
      assert.deepEqual(one(state), [], state);
    for (const state of ["delivered", "late"] as const) assert.deepEqual(one(state), [a], state);
  });

  it("are none that is at work, also when it was asked ten times in a round", () => {
    // The ids of rows are texts: the tenth comes before the ninth.
    const list = [turn("a", 10, { state: "offered" }), arrived("a", 10, { id: turn("a", 9).id })];
    assert.deepEqual(freeSites([a], list), []);
    assert.deepEqual(freeSites([a], list.toReversed()), []);
  });
});
