import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { PayloadStore } from "#hub/workflow/engine/model.js";
import { memoryPayloads } from "#hub/workflow/engine/payload-stores.js";
import { ofState, outermost, Payloads } from "#hub/workflow/engine/payloads.js";
import type { Json } from "#kernel/json.js";

const large = "x".repeat(40_000);

/** Values with some large texts and lists in them. */
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.integer(),
    fc.string(),
    fc.constantFrom(large, `${large}"\\\u2028`),
    fc.constant(Array.from({ length: 12_000 }, (_, n) => n)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom("__proto__", "payloads", "value", "0")),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
}));

describe("large values", () => {
  it("come back as they were, whatever is large in them, and leave short rows", async () => {
    await fc.assert(
      fc.asyncProperty(value, async (whole) => {
        const payloads = new Payloads(memoryPayloads());
        const packed = payloads.pack(whole);
        await payloads.keep(packed.payloads);
        assert.ok(packed.text.length < 34_000, String(packed.text.length));
        assert.equal(JSON.stringify(await payloads.unpack(packed.text)), JSON.stringify(whole));
      }),
      { numRuns: 200 },
    );
  });

  it("give the same text, be they new in memory or packed before: digests are made of it", () => {
    fc.assert(
      fc.property(value, (inner) => {
        const whole = { inner };
        const one = new Payloads(memoryPayloads());
        const text = one.pack(whole, outermost).text;
        assert.equal(one.pack(whole, outermost).text, text);
        assert.equal(one.pack({ ...whole }, outermost).text, text);
        const copy = JSON.parse(JSON.stringify(whole)) as Json;
        assert.equal(new Payloads(memoryPayloads()).pack(copy, outermost).text, text);
      }),
      { numRuns: 200 },
    );
  });

  it("take no more room than they have in memory, however often a value is part of another", async () => {
    let whole: Json = large;
    for (let level = 0; level < 5; level++) whole = Array.from({ length: 100 }, () => whole);
    // As text, these would be 400 TB.
    const payloads = new Payloads(memoryPayloads());
    const packed = payloads.pack({ whole });
    const bytes = packed.payloads.reduce((sum, { text }) => sum + text.length, packed.text.length);
    await payloads.keep(packed.payloads);
    assert.ok(bytes < 60_000_000, String(bytes));
    const back = (await payloads.unpack(packed.text)) as { whole: Json };
    let at: Json = back.whole;
    for (let level = 0; level < 5; level++) at = (at as readonly Json[])[99] ?? null;
    assert.equal(at, large);
  });

  it("leave what surrounds them in the row: a state is never put aside as a whole", () => {
    const frames = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, n) => [`f${n}`, { ref: `/do/${n}` }]),
    );
    const payloads = new Payloads(memoryPayloads());
    assert.deepEqual(payloads.pack({ frames, waits: {} }, ofState).payloads, []);
    const { text } = payloads.pack(
      { frames: { ...frames, f0: { ref: "", input: large } }, context: large },
      ofState,
    );
    assert.deepEqual(
      (JSON.parse(text) as { payloads: { path: unknown }[] }).payloads.map(({ path }) => path),
      [["frames", "f0", "input"], ["context"]],
    );
  });

  it("are kept once each, and nothing that users write is taken for one", async () => {
    const puts: string[] = [];
    const store: PayloadStore = memoryPayloads();
    const payloads = new Payloads({
      ...store,
      put: (bytes, sha256) => {
        puts.push(sha256);
        return store.put(bytes, sha256);
      },
    });
    for (const whole of [{ a: large }, { a: large, b: large }, { c: { d: large } }]) {
      await payloads.keep(payloads.pack(whole).payloads);
    }
    assert.equal(puts.length, 1);
    const evil = { payloads: [{ path: [], sha256: puts[0] ?? "" }], value: 1 };
    assert.deepEqual(await payloads.unpack(payloads.pack(evil).text), evil);
  });
});
