import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Assignment, AssignmentState } from "#hub/assignments/model.js";
import { judge } from "#hub/rounds/model.js";
import { findOverdue } from "#hub/rounds/overdue.js";
import { neededToBegin, neededToEnd } from "#hub/rounds/quorum.js";
import { assignmentId, parseRunId, parseSha256, parseSiteId } from "#kernel/ids.js";

const run = parseRunId("run-1");
const states = [
  "offered",
  "accepted",
  "delivered",
  "refused",
  "failed",
  "vanished",
  "late",
  "cancelled",
] as const satisfies readonly AssignmentState[];

function assignment(name: string, state: AssignmentState, changes: Partial<Assignment> = {}): Assignment {
  const site = parseSiteId(`acme/${name}`);
  return {
    id: assignmentId(run, 1, "train", site),
    runId: run,
    effect: "e1",
    round: 1,
    kind: "train",
    site,
    state,
    attempt: 1,
    base: { sha256: parseSha256("0".repeat(64)), sizeBytes: 1 },
    deadlineAtMs: 1000,
    deliveredAtMs: undefined,
    opId: undefined,
    answerSha256: undefined,
    update: undefined,
    samples: 0,
    metrics: {},
    reasonCode: undefined,
    reason: undefined,
    ...changes,
  };
}

const of = (...list: AssignmentState[]): Assignment[] =>
  list.map((state, index) => assignment(`s${index}`, state));

describe("the judgement on a collecting round", () => {
  it("waits while a site may still deliver and the quorum can be reached", () => {
    assert.deepEqual(judge(of("delivered", "offered"), 1), { verdict: "wait" });
    assert.deepEqual(judge(of("delivered", "accepted"), 2), { verdict: "wait" });
    assert.deepEqual(judge(of("failed", "accepted"), 1), { verdict: "wait" });
  });

  it("aggregates when all has been said and the quorum holds", () => {
    assert.deepEqual(judge(of("delivered", "delivered"), 2), { verdict: "aggregate" });
    assert.deepEqual(judge(of("delivered", "failed", "late", "vanished", "refused"), 1), {
      verdict: "aggregate",
    });
  });

  it("fails as soon as the quorum is out of reach, and names each lost site with its reason", () => {
    const verdict = judge(
      [
        assignment("a", "delivered"),
        assignment("b", "refused", { reason: "no consent." }),
        assignment("c", "vanished"),
        assignment("d", "offered"),
      ],
      3,
    );
    assert.deepEqual(verdict, {
      verdict: "fail",
      text: "2 of 4 sites are left and 3 are needed. acme/b: no consent. acme/c: vanished",
    });
  });

  it("never aggregates below the quorum, nor while anything is open, nor waits for nobody", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...states), { maxLength: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (list, min) => {
          const { verdict } = judge(of(...list), min);
          const delivered = list.filter((state) => state === "delivered").length;
          const open = list.filter((state) => state === "offered" || state === "accepted").length;
          assert.equal(verdict === "fail", delivered + open < min);
          assert.equal(verdict === "aggregate", delivered >= min && open === 0);
        },
      ),
    );
  });
});

describe("a quorum", () => {
  const quorum = { wait: 0, onShort: "fail" } as const;

  it("is all that the round began with, unless the plan says otherwise", () => {
    assert.equal(neededToBegin(quorum), 1);
    assert.equal(neededToEnd(quorum, 5), 5);
    assert.equal(neededToEnd({ ...quorum, min: 2 }, 5), 2);
  });

  it("may be a share of them, rounded up, and never less than `min`", () => {
    assert.equal(neededToEnd({ ...quorum, fraction: 0.5 }, 5), 3);
    assert.equal(neededToEnd({ ...quorum, fraction: 0.1, min: 2 }, 5), 2);
    assert.equal(neededToEnd({ ...quorum, fraction: 0.01 }, 5), 1);
    // 0.07 * 100 is 7.000000000000001.
    assert.equal(neededToEnd({ ...quorum, fraction: 0.07 }, 100), 7);
  });

  it("is one site where a short round is to proceed", () => {
    const short = { ...quorum, min: 4, fraction: 1, onShort: "proceed" } as const;
    assert.equal(neededToBegin(short), 1);
    assert.equal(neededToEnd(short, 5), 1);
  });
});

describe("overdue assignments", () => {
  const online = (): undefined => undefined;

  it("are late from their deadline on, not before", () => {
    const list = of("offered");
    assert.deepEqual(findOverdue(list, online, 100, 0, 999), { late: [], vanished: [], nextDueMs: 1000 });
    assert.deepEqual(findOverdue(list, online, 100, 0, 1000), {
      late: list,
      vanished: [],
      nextDueMs: undefined,
    });
  });

  it("have vanished when their site has been away for the grace", () => {
    const list = of("accepted");
    assert.deepEqual(
      findOverdue(list, () => 50, 100, 0, 149),
      { late: [], vanished: [], nextDueMs: 150 },
    );
    assert.deepEqual(findOverdue(list, () => 50, 100, 0, 150).vanished, list);
  });

  it("are late rather than vanished when both are true", () => {
    const list = of("offered");
    const { late, vanished } = findOverdue(list, () => 0, 100, 0, 2000);
    assert.deepEqual([late, vanished], [list, []]);
  });

  it("get time after a restart of the hub, whatever their deadline was", () => {
    const list = of("offered");
    const overdue = findOverdue(list, online, 100, 5000, 4999);
    assert.deepEqual(overdue, { late: [], vanished: [], nextDueMs: 5000 });
    assert.deepEqual(findOverdue(list, online, 100, 5000, 5000).late, list);
  });

  it("are looked for among the open ones only, and the soonest is told", () => {
    const list = [
      ...of("delivered", "failed", "cancelled", "late", "vanished", "refused"),
      assignment("x", "offered", { deadlineAtMs: 700 }),
      assignment("y", "accepted", { deadlineAtMs: 900 }),
    ];
    const since = ({ site }: Assignment) => (site === "acme/y" ? 400 : undefined);
    assert.deepEqual(findOverdue(list, since, 100, 0, 450), { late: [], vanished: [], nextDueMs: 500 });
    assert.equal(findOverdue(of("delivered"), online, 100, 0, 9999).nextDueMs, undefined);
  });
});
