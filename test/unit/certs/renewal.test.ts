import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { renewalDelayMs } from "#certs/renewal.js";

describe("certs/renewal", () => {
  const dates = { notBeforeMs: 1000, notAfterMs: 101_000 };

  it("waits for half of the life, give or take a tenth", () => {
    assert.equal(renewalDelayMs({ ...dates, nowMs: 1000, random: 0.5 }), 50_000);
    assert.equal(renewalDelayMs({ ...dates, nowMs: 1000, random: 0 }), 40_000);
    assert.equal(renewalDelayMs({ ...dates, nowMs: 11_000, random: 1 }), 50_000);
  });

  it("does not wait once that has passed", () => {
    assert.equal(renewalDelayMs({ ...dates, nowMs: 90_000, random: 0.5 }), 0);
    assert.equal(renewalDelayMs({ ...dates, nowMs: 900_000, random: 0.5 }), 0);
  });
});
