import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Assignment, AssignmentState } from "#hub/assignments/model.js";
import type { Rule } from "#hub/assignments/stage.js";
import { collected, sitesBehind } from "#hub/federated/collect/collected.js";
import { findOverdue } from "#hub/federated/collect/overdue.js";
import { judge, neededToBegin, neededToEnd } from "#hub/federated/collect/quorum.js";
import { parseRunId, parseSiteId, type SiteId } from "#kernel/ids.js";
import { assignmentOf, newStage, rule, stageOf } from "../../../support/stages.js";

const call = { runId: parseRunId("run-1"), effect: "e1" } as const;
const stage = newStage(call);
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

const assignment = (name: string, state: AssignmentState, changes: Partial<Assignment> = {}): Assignment =>
  assignmentOf(stage, parseSiteId(`acme/${name}`), { state, deadlineAtMs: 1000, ...changes });

/** A rule that needs so many sites. */
const needs = (min: number, changes: Partial<Rule> = {}): Rule => ({ ...rule, min, ...changes });

const of = (...list: AssignmentState[]): Assignment[] =>
  list.map((state, index) => assignment(`s${index}`, state));

describe("the judgement on an open stage", () => {
  it("waits while a site may still answer and the quorum can be reached", () => {
    assert.deepEqual(judge(of("delivered", "offered"), needs(1)), { is: "wait" });
    assert.deepEqual(judge(of("delivered", "accepted"), needs(2)), { is: "wait" });
    assert.deepEqual(judge(of("failed", "accepted"), needs(1)), { is: "wait" });
  });

  it("closes when all has been said and the quorum holds", () => {
    assert.deepEqual(judge(of("delivered", "delivered"), needs(2)), { is: "close", short: false });
    assert.deepEqual(judge(of("delivered", "failed", "late", "vanished", "refused"), needs(1)), {
      is: "close",
      short: false,
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
      needs(3),
    );
    assert.deepEqual(verdict, {
      is: "fail",
      code: "QUORUM_LOST",
      text: "2 of 4 sites are left and 3 are needed. acme/b: no consent. acme/c: vanished",
    });
  });

  it("never closes below the quorum, nor while anything is open, nor waits for nobody", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...states), { maxLength: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (list, min) => {
          const verdict = judge(of(...list), needs(min));
          const delivered = list.filter((state) => state === "delivered").length;
          const open = list.filter((state) => state === "offered" || state === "accepted").length;
          assert.equal(verdict.is === "fail", delivered + open < min);
          assert.equal(verdict.is === "close", delivered >= min && open === 0);
          if (verdict.is === "close") assert.equal(verdict.short, false);
        },
      ),
    );
  });

  it("never closes a stage with fewer sites behind it than must be, and waits for all before it says so", () => {
    const careful = needs(1, { atLeast: 3 });
    assert.deepEqual(judge(of("delivered", "delivered", "offered"), careful), { is: "wait" });
    assert.deepEqual(judge(of("delivered", "delivered", "delivered"), careful), {
      is: "close",
      short: false,
    });
    const refused = [...of("delivered", "delivered"), assignment("x", "refused", { reason: "no." })];
    assert.deepEqual(judge(refused, careful), {
      is: "fail",
      code: "SITES_TOO_FEW",
      text: "the plan or the hub wants 3 sites behind whatever is let out, and 2 have answered. acme/x: no.",
    });
    // A hub of a region stands for its sites.
    const region = [assignment("r", "delivered", { behind: 2 }), ...of("delivered")];
    assert.deepEqual(judge(region, careful), { is: "close", short: false });
    assert.deepEqual(judge(of("delivered"), needs(1, { onShort: "proceed", atLeast: 2 })).is, "fail");
  });

  it("fails no stage whose script decides: it is told, when all has been said, that it is short", () => {
    const told = needs(3, { onShort: "tell" });
    assert.deepEqual(judge(of("delivered", "failed", "offered"), told), { is: "wait" });
    assert.deepEqual(judge(of("delivered", "failed", "late"), told), { is: "close", short: true });
    assert.deepEqual(judge(of("delivered", "delivered", "delivered", "late"), told), {
      is: "close",
      short: false,
    });
    const all: Rule = { ...rule, onShort: "tell" };
    assert.deepEqual(judge(of("delivered", "late"), all), { is: "close", short: true });
    assert.deepEqual(judge(of("delivered", "delivered"), all), { is: "close", short: false });
    assert.deepEqual(judge(of("delivered"), { ...all, atLeast: 2 }), { is: "close", short: true });
    assert.deepEqual(judge([], told), { is: "close", short: true });
  });
});

describe("what a stage has come to", () => {
  const [a, b] = [assignment("a", "delivered", { samples: 3 }), assignment("b", "delivered", { samples: 4 })];
  const lost = [assignment("c", "late"), assignment("d", "refused", { reason: "no." })];

  it("are the answers, and who is left out for what reason", () => {
    const stage = stageOf(call, {
      unasked: [{ site: parseSiteId("acme/e"), reason: "away" }],
      population: 7,
    });
    const got = collected(stage, [a, b, ...lost], 1);
    assert.deepEqual(
      got.answers.map(({ site, samples, stale }) => [site, samples, stale]),
      [
        ["acme/a", 3, 0],
        ["acme/b", 4, 0],
      ],
    );
    assert.deepEqual(got.left, [
      { site: "acme/c", kind: "train", state: "late", reason: "late" },
      { site: "acme/d", kind: "train", state: "refused", reason: "no." },
    ]);
    assert.deepEqual([got.asked, got.population, got.unasked, got.short], [4, 7, stage.unasked, false]);
    assert.equal(got.atLeast, stage.rule.atLeast);
    assert.equal(collected({ ...stage, short: true }, [a], 1).short, true);
  });

  it("counts each site behind the answers once", () => {
    assert.equal(sitesBehind([a, { ...b, behind: 3 }, { ...b, behind: 2 }]), 4);
    assert.equal(sitesBehind([]), 0);
    assert.equal(collected(stageOf(call, { rule: { ...rule, atLeast: 2 } }), [a, b], 1).atLeast, 2);
  });

  it("holds no answer where too few sites stand behind them all", () => {
    const stage = stageOf(call, { rule: { ...rule, atLeast: 3 } });
    assert.deepEqual(collected(stage, [a, b, ...lost], 1).answers, []);
    assert.equal(collected(stage, [a, { ...b, behind: 2 }], 1).answers.length, 2);
  });
});

describe("a quorum", () => {
  const quorum = { onShort: "fail" } as const;

  it("is all that were asked, unless the plan says otherwise", () => {
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

  it("where the script decides, needs nobody to begin with, and tells what it would need", () => {
    const told = { ...quorum, min: 4, onShort: "tell" } as const;
    assert.equal(neededToBegin(told), 0);
    assert.equal(neededToEnd(told, 5), 4);
    assert.equal(neededToEnd({ onShort: "tell" }, 5), 5);
  });
});

describe("overdue assignments", () => {
  const online = (): undefined => undefined;
  const rule = { deadlineMs: 1000, graceMs: 100 };
  const there = (backAtMs: number, awayMs = 0) => ({ isAway: false, backAtMs, awayMsSince: () => awayMs });
  const always = there(-1000);

  it("are late from their deadline on, not before", () => {
    const list = of("offered");
    assert.deepEqual(findOverdue(list, online, rule, always, 999), {
      late: [],
      vanished: [],
      nextDueMs: 1000,
    });
    assert.deepEqual(findOverdue(list, online, rule, always, 1000), {
      late: list,
      vanished: [],
      nextDueMs: undefined,
    });
  });

  it("have vanished when their site has been away for the grace", () => {
    const list = of("accepted");
    assert.deepEqual(
      findOverdue(list, () => 50, rule, always, 149),
      { late: [], vanished: [], nextDueMs: 150 },
    );
    assert.deepEqual(findOverdue(list, () => 50, rule, always, 150).vanished, list);
  });

  it("are late rather than vanished when both are true", () => {
    const list = of("offered");
    const { late, vanished } = findOverdue(list, () => 0, rule, always, 2000);
    assert.deepEqual([late, vanished], [list, []]);
  });

  it("get time after a restart of the hub, whatever their deadline was", () => {
    const list = of("offered");
    const overdue = findOverdue(list, online, rule, there(4900), 4999);
    assert.deepEqual(overdue, { late: [], vanished: [], nextDueMs: 5000 });
    assert.deepEqual(findOverdue(list, online, rule, there(4900), 5000).late, list);
  });

  it("stand still while the hub's database is away, and for as long as it was", () => {
    const list = of("offered");
    const nothing = { late: [], vanished: [], nextDueMs: undefined };
    const away = { ...always, isAway: true };
    assert.deepEqual(
      findOverdue(list, () => 50, rule, away, 9999),
      nothing,
    );
    const back = there(600, 300);
    assert.deepEqual(findOverdue(list, online, rule, back, 1299), { ...nothing, nextDueMs: 1300 });
    assert.deepEqual(findOverdue(list, online, rule, back, 1300).late, list);
  });

  it("are looked for among the open ones only, and the soonest is told", () => {
    const list = [
      ...of("delivered", "failed", "cancelled", "late", "vanished", "refused"),
      assignment("x", "offered", { deadlineAtMs: 700 }),
      assignment("y", "accepted", { deadlineAtMs: 900 }),
    ];
    const since = (site: SiteId) => (site === "acme/y" ? 400 : undefined);
    assert.deepEqual(findOverdue(list, since, rule, always, 450), { late: [], vanished: [], nextDueMs: 500 });
    assert.equal(findOverdue(of("delivered"), online, rule, always, 9999).nextDueMs, undefined);
  });
});
