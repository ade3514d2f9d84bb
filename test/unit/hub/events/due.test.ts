import assert from "node:assert/strict";
import { parseCron } from "#hub/workflow/definition/cron.js";
import { siteSource, sourceSite } from "#hub/workflow/events/source.js";
import { nextCronMs, nextDueMs } from "#hub/workflow/planning.js";
import { parseSiteId } from "#kernel/ids.js";

const at = (text: string): number => Date.parse(text);
const next = (cron: string, after: string): string =>
  new Date(nextCronMs(parseCron(cron), at(after))).toISOString();

describe("when a schedule is due", () => {
  it("cron: the next minute that it means, in UTC", () => {
    const cases: [string, string, string][] = [
      ["* * * * *", "2026-03-01T12:00:00Z", "2026-03-01T12:01:00.000Z"],
      ["* * * * *", "2026-03-01T12:00:59.999Z", "2026-03-01T12:01:00.000Z"],
      ["0 2 * * 1", "2026-03-01T12:00:00Z", "2026-03-02T02:00:00.000Z"],
      ["0 2 * * 1", "2026-03-02T02:00:00Z", "2026-03-09T02:00:00.000Z"],
      ["*/20 9-10 * * *", "2026-03-01T10:40:00Z", "2026-03-02T09:00:00.000Z"],
      ["59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00.000Z"],
      ["0 0 29 2 *", "2097-01-01T00:00:00Z", "2104-02-29T00:00:00.000Z"],
      // One of the two days is enough when both are given (POSIX).
      ["0 0 13 * fri", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00.000Z"],
      ["0 0 13 * fri", "2026-03-06T00:00:00Z", "2026-03-13T00:00:00.000Z"],
      // The hour that a summer time leaves out elsewhere is an hour like any other.
      ["30 2 29 3 *", "2026-03-28T00:00:00Z", "2026-03-29T02:30:00.000Z"],
    ];
    for (const [cron, after, wanted] of cases)
      assert.equal(next(cron, after), wanted, `${cron} after ${after}`);
  });

  it("every: keeps its distance from the beginning, whatever was missed", () => {
    const due = (nowMs: number) =>
      nextDueMs({ every: { seconds: 10 } }, { nowMs, sinceMs: 1000, restsSinceMs: 0 });
    assert.deepEqual([1000, 10_999, 11_000, 55_000].map(due), [11_000, 11_000, 21_000, 61_000]);
  });

  it("after: counts from the last end, and not while a run is under way; the earliest of several counts", () => {
    const facts = { nowMs: 5000, sinceMs: 0 };
    assert.equal(nextDueMs({ after: "PT1S" }, { ...facts, restsSinceMs: 4500 }), 5500);
    assert.equal(nextDueMs({ after: "PT1S" }, { ...facts, restsSinceMs: undefined }), undefined);
    assert.equal(nextDueMs({ after: "PT1M", every: "PT4S" }, { ...facts, restsSinceMs: 0 }), 8000);
    assert.equal(
      nextDueMs({ on: { one: { with: { type: "a" } } } }, { ...facts, restsSinceMs: 0 }),
      undefined,
    );
  });
});

describe("the source of a site's event", () => {
  const site = parseSiteId("acme/berlin");

  it("is the site's own, whatever the site says", () => {
    const cases: [string | undefined, string][] = [
      [undefined, "//acme/berlin"],
      ["//acme/berlin", "//acme/berlin"],
      ["//acme/berlin/lab/3", "//acme/berlin/lab/3"],
      ["/lab/3", "//acme/berlin/lab/3"],
      ["//acme/paris/lab", "//acme/berlin/acme/paris/lab"],
      ["//acme/berlin-2", "//acme/berlin/acme/berlin-2"],
    ];
    for (const [given, wanted] of cases) assert.equal(siteSource(site, given), wanted);
  });

  it("is known by its form", () => {
    assert.equal(sourceSite("//acme/berlin?x"), "acme/berlin");
    for (const other of ["/acme/berlin", "https://acme/berlin", "//queue.example.org/topic", "//acme", 7])
      assert.equal(sourceSite(other), undefined);
  });
});
