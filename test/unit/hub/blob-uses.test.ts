import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { assignmentIdOf } from "#hub/assignments/model.js";
import { blobsIn, foldFile, holders, stagedOf } from "#hub/blobs/uses.js";
import { hashBytes } from "#kernel/files.js";
import { parseRunId, parseSiteId } from "#kernel/ids.js";
import type { Json } from "#kernel/json.js";
import type { CallRef } from "#kernel/refs.js";

const runId = parseRunId("run-1");
const [e1, e10]: readonly [CallRef, CallRef] = [
  { runId, effect: "e1" },
  { runId, effect: "e10" },
];
const blob = (name: string) => ({ sha256: hashBytes(name), sizeBytes: name.length });

describe("who needs a blob", () => {
  it("has one name for each, and no two the same", () => {
    const names = [
      ...[e1, e10].flatMap((call) => [holders.call(call), holders.folds(call, 1), holders.folds(call, 11)]),
      holders.answer(assignmentIdOf({ ...e1, position: 1, stage: "train" }, parseSiteId("acme/a"))),
      holders.answer(assignmentIdOf({ ...e1, position: 1, stage: "train" }, parseSiteId("acme/a"), 1)),
      holders.model("m", 1),
      holders.model("m", 11),
      holders.model("m/1", 1),
    ];
    assert.equal(new Set(names).size, names.length);
  });

  it("are the blobs that a value names, however deep", () => {
    const [model, server, tree] = [blob("model"), blob("server!"), blob("tree")];
    const state = {
      model,
      server: null,
      best: { of: { model: server, figure: 0.5 } },
      trees: [tree, [{ leaf: model }], "text", 7],
    } as unknown as Json;
    assert.deepEqual(blobsIn(state), [model, server, tree, model]);
    assert.deepEqual(blobsIn(model as unknown as Json), [model]);
  });

  it("are none in what only looks like one", () => {
    for (const value of [
      null,
      "x",
      3,
      true,
      [],
      {},
      { sha256: hashBytes("x") },
      { sizeBytes: 3 },
      { sha256: 3, sizeBytes: 3 },
      { sha256: hashBytes("x"), sizeBytes: "3" },
    ] as Json[])
      assert.deepEqual(blobsIn(value), [], JSON.stringify(value));
  });
});

describe("what is on its way into the store for a call", () => {
  const isOf = (call: CallRef, name: string) => stagedOf(call).some((prefix) => name.startsWith(prefix));
  const files = (call: CallRef) => [
    // An answer is staged under its assignment.
    assignmentIdOf({ ...call, position: 0, stage: "train" }, parseSiteId("acme/a"), 7),
    assignmentIdOf({ ...call, position: 12, stage: "train.2" }, parseSiteId("acme/a")),
    foldFile(call, "0.initial"),
    `${foldFile(call, "12.model")}.server`,
  ];

  it("begins as its answers and folds do, in all rounds and streams", () => {
    for (const call of [e1, e10]) for (const name of files(call)) assert.ok(isOf(call, name), name);
  });

  it("is nothing of another call, also of one whose name begins alike", () => {
    for (const name of files(e10)) assert.ok(!isOf(e1, name), name);
    for (const name of files(e1)) assert.ok(!isOf(e10, name), name);
    const other = { runId: parseRunId("run-12"), effect: "e1" } as const;
    for (const name of files(other)) assert.ok(!isOf(e1, name), name);
    assert.ok(!isOf(e1, `put-${hashBytes("x")}-1`));
  });
});
