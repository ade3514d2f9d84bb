import assert from "node:assert/strict";
import { checkEvent, completeEvent, maxEventBytes, parseEvent } from "#proto/codec/cloud-event.js";

const whole = { specversion: "1.0", id: "1", source: "/a", type: "t" };

describe("a CloudEvent", () => {
  it("gets what it lacks, and keeps what it has", () => {
    const defaults = { id: "new", source: "/here", nowMs: 0 };
    const event = completeEvent(parseEvent('{"type":"t","data":null,"subject":null,"trace":"x"}'), defaults);
    assert.deepEqual(event, {
      specversion: "1.0",
      id: "new",
      source: "/here",
      type: "t",
      time: "1970-01-01T00:00:00.000Z",
      data: null,
      trace: "x",
    });
    assert.deepEqual(
      completeEvent({ ...whole, time: "2026-01-01T00:00:00Z" }, defaults).time,
      "2026-01-01T00:00:00Z",
    );
    assert.throws(() => completeEvent({}, defaults), { code: "EVENT_INVALID" });
  });

  it("refuses every attribute of a wrong form, with its name", () => {
    const wrong: [object, RegExp][] = [
      [{ ...whole, specversion: "0.3" }, /specversion/],
      [{ ...whole, id: "" }, /id must be/],
      [{ ...whole, id: 7 }, /id must be/],
      [{ ...whole, source: "two words" }, /source/],
      [{ ...whole, time: "yesterday" }, /time/],
      [{ ...whole, time: "2026-13-45T99:00:00Z" }, /time/],
      [{ ...whole, dataschema: "/relative" }, /dataschema/],
      [{ ...whole, dataContentType: "x" }, /dataContentType/],
      [{ ...whole, extension: { deep: 1 } }, /extension/],
      [{ ...whole, extension: 1.5 }, /extension/],
      [{ ...whole, type: "a\u0000b" }, /type must be .* without control characters/],
      [{ ...whole, extension: "a\nb" }, /extension/],
      [{ ...whole, data_base64: "AA==" }, /Binary data/],
    ];
    for (const [event, message] of wrong)
      assert.throws(() => checkEvent(event), { code: "EVENT_INVALID", message }, JSON.stringify(event));
    for (const text of ["[]", "7", "null", "{", '{"__proto__":{}}', '"x"'])
      assert.throws(() => parseEvent(text), { code: "EVENT_INVALID" }, text);
    const large = JSON.stringify({ ...whole, data: "x".repeat(maxEventBytes) });
    assert.throws(() => parseEvent(large), { code: "EVENT_INVALID", message: /256 KiB/ });
  });
});
