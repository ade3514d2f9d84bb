import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { z } from "zod";
import { ComityError } from "#kernel/errors.js";
import { hashBytes } from "#kernel/files.js";
import { checkEgress } from "#node-agent/assignments/egress.js";
import { inputOf, isSameWork, type Offer, offerSchema } from "#node-agent/assignments/model.js";
import { readWork } from "#node-agent/assignments/work.js";
import type { Step } from "#node-agent/steps/step.js";
import type { Kind } from "#proto/work/kind.js";
import type { PlainAnswer } from "#proto/work/shape.js";

const body = z.strictObject({
  dataset: z.strictObject({ name: z.string() }),
  column: z.string(),
  share: z.int().optional(),
});
type Body = z.output<typeof body>;

/** A kind with a value, one input that it needs and one that it may have. */
const table: Kind<Body, "codes" | "more", Record<string, number>> = {
  name: "table",
  purpose: "Counts the rows of each value.",
  body,
  inputs: {
    codes: { required: true, fetch: "start", purpose: "the values" },
    more: { required: false, fetch: "asked", purpose: "more values" },
  },
  facts: ({ dataset }) => ({ dataset, rows: "all", passes: 1 }),
  answer: {
    leaves: "value",
    weight: "none",
    figures: { most: 1, how: "sum", shown: "together" },
    value: () => ({ schema: z.record(z.string(), z.number()), maxBytes: 100 }),
    counts: (_body, value) => Object.values(value),
    kept: "folded",
  },
  words: { doing: "count", working: "counts", done: () => "has counted" },
};
const steps: readonly Step[] = [{ kind: table, run: () => Promise.resolve({ samples: 0, figures: {} }) }];

const blob = (text: string) => ({ sha256: hashBytes(text), sizeBytes: text.length });
const wire = (more: object = {}): object => ({
  assignmentId: "run.1",
  attempt: 1,
  runId: "run",
  runName: "table",
  round: 7,
  kind: "table",
  workJson: '{"kind":"table","dataset":{"name":"toy"},"column":"x"}',
  inputs: [{ name: "codes", blob: blob("codes") }],
  ...more,
});
const offer = (more: object = {}): Offer => offerSchema.parse(wire(more));

function refusal(action: () => unknown): ComityError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ComityError, String(error));
    return error;
  }
  return assert.fail("it was not refused");
}

describe("an offer", () => {
  it("of a hub of before has its model as an input, its round as its draw, and tells nothing else", () => {
    const old = offer({ inputs: undefined, base: blob("model") });
    assert.deepEqual(old.inputs, [{ name: "base", blob: blob("model") }]);
    assert.equal(old.draw, 7);
    assert.deepEqual([old.release, old.minSites, old.partJson], ["", 0, ""]);
    assert.deepEqual(offerSchema.parse(JSON.parse(JSON.stringify(old))), old);
  });

  it("has its inputs by name, the model once, and a draw of its own", () => {
    const given = offer({
      base: blob("model"),
      draw: 3,
      inputs: [
        { name: "base", blob: blob("model") },
        { name: "codes", blob: blob("codes") },
      ],
    });
    assert.equal(given.inputs.length, 2);
    assert.deepEqual(inputOf(given, "base"), blob("model"));
    assert.equal(inputOf(given, "more"), undefined);
    assert.equal(given.draw, 3);
    assert.deepEqual(offer({ inputs: [], base: null }).inputs, []);
  });

  it("that contradicts itself is none", () => {
    const twice = [
      { name: "codes", blob: blob("a") },
      { name: "codes", blob: blob("b") },
    ];
    assert.equal(offerSchema.safeParse(wire({ inputs: twice })).success, false);
    const base = { base: blob("a"), inputs: [{ name: "base", blob: blob("b") }] };
    assert.equal(offerSchema.safeParse(wire(base)).success, false);
  });

  it("is for the same work when all that the answer depends on is the same", () => {
    const one = offer();
    assert.ok(isSameWork(one, offer({ attempt: 2, runName: "other", requester: "ada" })));
    for (const other of [
      { draw: 8 },
      { partJson: '{"share":1}' },
      { inputs: [{ name: "codes", blob: blob("others") }] },
      { inputs: [] },
      { workJson: '{"kind":"table","dataset":{"name":"toy"},"column":"y"}' },
    ])
      assert.ok(!isSameWork(one, offer(other)), JSON.stringify(other));
  });
});

describe("the work of an offer", () => {
  it("is the body of its kind, with the site's own part", () => {
    const { step, body: found } = readWork(steps, offer({ partJson: '{"share":2,"column":"y"}' }));
    assert.equal(step.kind.name, "table");
    assert.deepEqual(found, { dataset: { name: "toy" }, column: "y", share: 2 });
  });

  const refused: readonly [string, object, string, RegExp][] = [
    [
      "an unknown kind",
      { kind: "dance", workJson: '{"kind":"dance"}' },
      "WORK_UNSUPPORTED",
      /no work of kind dance/,
    ],
    ["a key that is not known", { partJson: '{"depth":1}' }, "WORK_UNSUPPORTED", /unknown key "depth"/],
    ["a body that is no object", { workJson: "[]" }, "WORK_UNSUPPORTED", /an object is expected/],
    ["a body that is no JSON", { workJson: "{" }, "WORK_UNSUPPORTED", /no JSON/],
    [
      "another kind in the body",
      { workJson: '{"kind":"train"}' },
      "MESSAGE_INVALID",
      /its work says another/,
    ],
    [
      "a part with the dataset",
      { partJson: '{"dataset":{"name":"a"}}' },
      "MESSAGE_INVALID",
      /may not have `dataset`/,
    ],
    ["a part that is no object", { partJson: "7" }, "MESSAGE_INVALID", /an object is expected/],
    ["a missing input", { inputs: [] }, "MESSAGE_INVALID", /the input `codes` is missing/],
    ["an input that it has not", { base: blob("model") }, "WORK_UNSUPPORTED", /has no input base/],
  ];
  for (const [what, more, code, message] of refused) {
    it(`is refused with ${what}`, () => {
      const error = refusal(() => readWork(steps, offer(more)));
      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  }
});

describe("the way out of a site", () => {
  const work = readWork(steps, offer());
  const answer = (more: Partial<PlainAnswer> = {}): PlainAnswer => ({
    samples: 0,
    figures: {},
    tensors: undefined,
    value: { a: 5, b: 0, c: 700 },
    ...more,
  });

  it("is open for what the kind declares", () => {
    checkEgress(work, answer(), 5);
    checkEgress(work, answer({ figures: { seconds: 1 } }), 1);
  });

  const kept: readonly [string, Partial<PlainAnswer>, string, RegExp][] = [
    [
      "rows that it does not count",
      { samples: 3, value: undefined },
      "WORK_FAILED",
      /counts no rows; this one says 3/,
    ],
    [
      "too many figures",
      { figures: { a: 1, b: 2 }, value: undefined },
      "WORK_FAILED",
      /at most 1 figures, not 2/,
    ],
    [
      "a figure that is no number",
      { figures: { a: Number.NaN }, value: undefined },
      "WORK_FAILED",
      /not a finite number/,
    ],
    ["no value", { value: undefined }, "WORK_FAILED", /must have a value/],
    [
      "another value",
      { value: { "Mrs. Miller": "ill" } },
      "WORK_FAILED",
      /is not what work of kind table declares/,
    ],
    ["a value that is too long", { value: { ["a".repeat(200)]: 5 } }, "WORK_FAILED", /is not what work/],
    ["tensors", { tensors: [] }, "WORK_FAILED", /is not what work/],
    ["a cell that is too small", { value: { a: 4 } }, "POLICY_REFUSED", /fewer rows.*minCell: 5/],
  ];
  for (const [what, more, code, message] of kept) {
    it(`is closed for ${what}`, () => {
      const error = refusal(() => checkEgress(work, answer(more), 5));
      assert.equal(error.code, code);
      assert.match(error.message, /^The answer of the work stays at the site: /);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /Miller/);
    });
  }
});
