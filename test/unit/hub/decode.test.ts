import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { decodeCatalogue, decodeHeader, decodeLabels, decodeOffset } from "#hub/rpc/decode.js";
import type { Dataset__Output } from "#proto/generated/comity/v1/Dataset.js";
import type { UploadHeader__Output } from "#proto/generated/comity/v1/UploadHeader.js";

const dataset = (changes: Partial<Dataset__Output> = {}): Dataset__Output => ({
  name: "digits",
  columns: [{ name: "x", type: "number" }],
  labels: { dataset: "digits" },
  trainRows: 100,
  testRows: 10,
  target: "y",
  connector: "csv",
  ...changes,
});

const header = (changes: Partial<UploadHeader__Output> = {}): UploadHeader__Output => ({
  opId: "op-1",
  assignmentId: "run.1.train.acme.a",
  attempt: 1,
  baseSha256: "ab".repeat(32),
  samples: 10,
  metrics: { loss: 1 },
  update: { sha256: "cd".repeat(32), sizeBytes: 100 },
  tensors: [{ name: "w", dtype: "F32", shape: [1] }],
  offset: 0,
  valueJson: "",
  inline: Buffer.alloc(0),
  stateFrom: "",
  behind: 0,
  dataVersion: "",
  ...changes,
});

describe("a catalogue from a site", () => {
  const many = (count: number): Dataset__Output[] =>
    Array.from({ length: count }, (_, index) => dataset({ name: `d${index}` }));

  it("is taken as it is when it keeps to the limits", () => {
    assert.deepEqual(decodeCatalogue({ datasets: [dataset()] }), [dataset()]);
    assert.equal(decodeCatalogue({ datasets: many(1000) }).length, 1000);
    assert.deepEqual(decodeCatalogue({ datasets: [] }), []);
  });

  const wrong: [string, Dataset__Output[]][] = [
    ["too many datasets", many(1001)],
    ["two of one name", [dataset(), dataset()]],
    ["no name", [dataset({ name: "" })]],
    ["a long name", [dataset({ name: "x".repeat(129) })]],
    ["an unknown type of column", [dataset({ columns: [{ name: "x", type: "blob" }] })]],
    [
      "too many columns",
      [dataset({ columns: Array.from({ length: 10_001 }, (_, i) => ({ name: `c${i}`, type: "number" })) })],
    ],
    ["more rows than there can be", [dataset({ trainRows: 2 ** 31 })]],
    ["rows that are no safe number", [dataset({ testRows: 2 ** 63 })]],
    [
      "too many labels",
      [dataset({ labels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`l${i}`, "x"])) })],
    ],
    ["a long label", [dataset({ labels: { a: "x".repeat(257) } })]],
  ];
  for (const [what, datasets] of wrong) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => decodeCatalogue({ datasets }), { code: "MESSAGE_INVALID" });
    });
  }
});

describe("the header of an answer", () => {
  it("is taken as it is", () => {
    const { valueJson, ...given } = header();
    assert.equal(valueJson, "");
    const taken = { ...given, value: undefined, inline: undefined, behind: 1 };
    assert.deepEqual(decodeHeader(header()), taken);
    const inline = Buffer.from("bytes");
    const more = { inline, behind: 4, stateFrom: "a", dataVersion: "v" };
    const told = decodeHeader(header({ ...more, valueJson: '{"rows":3}' }));
    assert.deepEqual(told, { ...taken, ...more, value: { rows: 3 } });
    assert.equal(decodeHeader(header({ update: null })).update, undefined);
  });

  it("is refused with a value that is no JSON, too many bytes, or a number of sites that is none", () => {
    for (const wrong of [{ valueJson: "{" }, { inline: Buffer.alloc(64 * 1024 + 1) }, { behind: 2 ** 32 }])
      assert.throws(() => decodeHeader(header(wrong)), { code: "MESSAGE_INVALID" });
  });

  const wrong: [string, Partial<UploadHeader__Output>, string][] = [
    ["no op_id", { opId: "" }, "ARGUMENT_INVALID"],
    ["a path for an assignment", { assignmentId: "../x" }, "ARGUMENT_INVALID"],
    ["an endless assignment id", { assignmentId: "x".repeat(257) }, "ARGUMENT_INVALID"],
    ["an upper-case digest", { update: { sha256: "AB".repeat(32), sizeBytes: 1 } }, "ARGUMENT_INVALID"],
    ["a path for a digest", { update: { sha256: `../${"a".repeat(61)}`, sizeBytes: 1 } }, "ARGUMENT_INVALID"],
    ["no size", { update: { sha256: "ab".repeat(32), sizeBytes: 0 } }, "UPLOAD_SIZE_WRONG"],
    [
      "a size beyond all numbers",
      { update: { sha256: "ab".repeat(32), sizeBytes: 2 ** 53 } },
      "UPLOAD_SIZE_WRONG",
    ],
    ["an offset beyond all numbers", { offset: 2 ** 64 }, "ARGUMENT_INVALID"],
    [
      "too many tensors",
      { tensors: Array.from({ length: 10_001 }, (_, i) => ({ name: `t${i}`, dtype: "F32", shape: [1] })) },
      "MESSAGE_INVALID",
    ],
    [
      "too many metrics",
      { metrics: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`m${i}`, 1])) },
      "MESSAGE_INVALID",
    ],
    ["a metric without a name", { metrics: { "": 1 } }, "MESSAGE_INVALID"],
    ["a metric with an endless name", { metrics: { ["m".repeat(65)]: 1 } }, "MESSAGE_INVALID"],
    ["a metric that would write over a terminal", { metrics: { "loss\u001b[2J": 1 } }, "MESSAGE_INVALID"],
  ];
  for (const [what, changes, code] of wrong) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => decodeHeader(header(changes)), { code });
    });
  }
});

describe("labels and offsets from outside", () => {
  it("keep to their limits", () => {
    assert.deepEqual(decodeLabels({ region: "north" }), { region: "north" });
    assert.throws(() => decodeLabels({ "": "x" }), { code: "ARGUMENT_INVALID" });
    assert.equal(decodeOffset(2 ** 53 - 1), 2 ** 53 - 1);
    for (const offset of [-1, 0.5, 2 ** 53, Number.NaN])
      assert.throws(() => decodeOffset(offset), { code: "ARGUMENT_INVALID" });
  });
});
