import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { LiveArea } from "#cli/render/live.js";
import { eventLine, RunView } from "#cli/render/watch.js";
import { eventJson } from "#cli/watch.js";
import type { RunEvent__Output } from "#proto/generated/comity/v1/RunEvent.js";

let seq = 0;
const event = (
  type: string,
  fields: Partial<RunEvent__Output> = {},
  data: object = {},
): RunEvent__Output => ({
  runId: "r1",
  seq: ++seq,
  atMs: 1000,
  type,
  round: 1,
  site: "",
  text: `${type}.`,
  dataJson: JSON.stringify(data),
  ...fields,
});

const figures = {
  sites: ["a/1", "a/2"],
  of: 3,
  rounds: 10,
  samples: 1234,
  metrics: { loss: 0.5, accuracy: 0.87654 },
  seconds: 2.26,
  left: [],
};

/** What a view writes for some events. */
const written = (live: boolean, events: readonly RunEvent__Output[]): string => {
  let text = "";
  const view = new RunView(new LiveArea(live, (part) => void (text += part)), live);
  for (const one of events) view.take(one);
  return text;
};

describe("a run that is watched", () => {
  it("has one line of figures for each round", () => {
    assert.equal(
      eventLine(event("round.completed", {}, figures)),
      "round  1/10  2/3 sites  1,234 samples  loss 0.5000  accuracy 0.8765  2.3 s",
    );
    const { loss, accuracy, ...plain } = figures.metrics;
    assert.equal(
      eventLine(event("round.completed", { round: 12 }, { ...figures, metrics: plain })),
      "round 12/10  2/3 sites  1,234 samples  2.3 s",
    );
    assert.ok(loss < accuracy);
  });

  it("falls back on the hub's sentence where the figures are not as expected", () => {
    assert.equal(
      eventLine(event("round.completed", { text: "Round 1 is over." }, { sites: 3 })),
      "Round 1 is over.",
    );
  });

  it("shows nothing of an event that could fool a terminal", () => {
    assert.equal(eventLine(event("site.connected", { text: "a\u001b[2Jb" })), "  a\\u001b[2Jb");
  });

  it("prints, without a terminal, only what stays true", () => {
    const text = written(false, [
      event("run.started", { round: 0, text: "anna has started digits." }),
      event("round.started", { text: "Round 1 begins." }, { left: [] }),
      event("assignment.accepted", { site: "a/1" }, { kind: "train" }),
      event(
        "assignment.progress",
        { site: "a/1", seq: 0, text: "epoch 1 of 2" },
        { kind: "train", fraction: 0.5 },
      ),
      event("assignment.delivered", { site: "a/1", text: "a/1 has delivered." }, { kind: "train" }),
      event("assignment.failed", { site: "a/2", text: "a/2 has failed: disk." }, { kind: "train" }),
      event("assignment.delivered", { site: "a/1" }, { kind: "evaluate" }),
      event("round.aggregated"),
      event("round.completed", {}, figures),
    ]);
    assert.deepEqual(text.split("\n"), [
      "anna has started digits.",
      "Round 1 begins.",
      "  a/1 has delivered.",
      "  a/2 has failed: disk.",
      "round  1/10  2/3 sites  1,234 samples  loss 0.5000  accuracy 0.8765  2.3 s",
      "",
    ]);
  });

  it("says once of each site that is not asked by which rule, and counts what nobody would read", () => {
    const old = "its agent, release 0.1.0, cannot do query; a newer one may";
    const left = [
      { site: "a/3", reason: old },
      { site: "a/4", reason: "it has no label\u001b[2J eu" },
    ];
    const text = written(false, [
      event("round.started", { text: "Round 1 begins." }, { left }),
      event("round.started", { text: "Round 2 begins." }, { left: left.slice(0, 1) }),
    ]);
    assert.deepEqual(text.split("\n"), [
      "Round 1 begins.",
      `  a/3 is not asked: ${old}.`,
      "  a/4 is not asked: it has no label\\u001b[2J eu.",
      "Round 2 begins.",
      "",
    ]);
    const many = Array.from({ length: 13 }, (_, at) => ({ site: `b/${at}`, reason: "no" }));
    const lines = written(false, [event("round.started", {}, { left: many })]).split("\n");
    assert.deepEqual(lines.slice(10), ["  b/9 is not asked: no.", "  3 more sites are not asked.", ""]);
  });

  it("names each task, and within a loop only those that touch something", () => {
    const task = (type: string, name: string, ref: string, kind: string) =>
      event(`task.${type}`, { round: 0, text: `${name} is ${type}.` }, { ref, kind });
    const text = written(false, [
      task("completed", "first", "/do/0/first", "set"),
      task("running", "loop", "/do/1/loop", "for"),
      task("completed", "reckon", "/do/1/loop/do/0/reckon", "set"),
      task("completed", "ask", "/do/1/loop/do/1/ask", "call"),
      task("failed", "choose", "/do/1/loop/do/2/choose", "switch"),
      task("completed", "loop", "/do/1/loop", "for"),
      task("completed", "looped", "/do/2/looped", "set"),
    ]);
    const names = text.split("\n").map((line) => line.split(" ")[0]);
    assert.deepEqual(names, ["first", "ask", "choose", "loop", "looped", ""]);
  });

  it("says no number of rounds where a workflow decides how many there are", () => {
    const open = { ...figures, rounds: undefined };
    assert.match(written(false, [event("round.completed", { round: 3 }, open)]), /^round 3 {2}2\/3 sites/);
  });

  it("has a line for each site in a terminal, which goes with the round", () => {
    const working = [
      event("round.started", {}, { left: [] }),
      event("assignment.accepted", { site: "a/10" }, { kind: "train" }),
      event("assignment.progress", { site: "a/2", text: "epoch 1 of 2" }, { kind: "train", fraction: 0.5 }),
    ];
    const text = written(true, working);
    assert.ok(text.endsWith("  a/2   ██████░░░░░░  epoch 1 of 2\n  a/10  ░░░░░░░░░░░░  trains\n"), text);
    assert.ok(!text.includes("round.started"));
    const after = written(true, [...working, event("round.completed", {}, figures)]);
    assert.ok(
      after.endsWith(
        "2.3 s\n  a/2   ██████░░░░░░  epoch 1 of 2\n  a/10  ░░░░░░░░░░░░  trains\n\u001b[2A\r\u001b[J",
      ),
      after,
    );
  });

  it("is one JSON object a line for programs", () => {
    const json = eventJson(
      event("assignment.delivered", { seq: 7, site: "a/1" }, { kind: "train", samples: 5 }),
    );
    assert.deepEqual(json, {
      event: "assignment.delivered",
      seq: 7,
      atMs: 1000,
      runId: "r1",
      round: 1,
      site: "a/1",
      text: "assignment.delivered.",
      kind: "train",
      samples: 5,
    });
  });
});
