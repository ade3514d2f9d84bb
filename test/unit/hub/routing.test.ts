import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { matchingDatasets, selectSites } from "#hub/routing/select.js";
import type { Dataset, Site } from "#hub/sites/model.js";
import { upperBound } from "#hub/sites/service.js";
import { parseSiteId } from "#kernel/ids.js";

function dataset(name: string, labels: Record<string, string> = {}): Dataset {
  return { name, columns: [], labels, trainRows: 100, testRows: 10, target: "y", connector: "csv" };
}

function site(id: string, datasets: readonly Dataset[], changes: Partial<Site> = {}): Site {
  return {
    id: parseSiteId(id),
    organisation: "acme",
    labels: {},
    datasets,
    agentVersion: "1",
    capabilities: [],
    lastSeenMs: undefined,
    revokedAtMs: undefined,
    certificateExpiresAtMs: undefined,
    ...changes,
  };
}

describe("the choice of sites", () => {
  const digits = dataset("digits", { dataset: "digits", year: "2024" });

  it("takes those whose one dataset has every label, in the order of their ids", () => {
    const sites = [site("b/x", [digits]), site("a/y", [digits]), site("a/x", [digits])];
    assert.deepEqual(selectSites(sites, { labels: { dataset: "digits" } }), {
      chosen: ["a/x", "a/y", "b/x"],
      rejected: [],
    });
    assert.deepEqual(selectSites(sites, { name: "digits", labels: { year: "2024" } }).chosen.length, 3);
  });

  it("gives each rejected site its reason", () => {
    const sites = [
      site("a/revoked", [digits], { revokedAtMs: 1 }),
      site("a/invited", [], { agentVersion: undefined }),
      site("a/empty", []),
      site("a/other", [dataset("faces", { dataset: "faces" })]),
      site("a/both", [digits, dataset("more", { dataset: "digits" })]),
    ];
    const { chosen, rejected } = selectSites(sites, { labels: { dataset: "digits" } });
    assert.deepEqual(chosen, []);
    assert.deepEqual(Object.fromEntries(rejected.map(({ site: id, reason }) => [id, reason])), {
      "a/both": "2 of its datasets match dataset=digits; name one",
      "a/empty": "it has no dataset with dataset=digits",
      "a/invited": "its agent has never connected",
      "a/other": "it has no dataset with dataset=digits (it has faces)",
      "a/revoked": "it is revoked",
    });
  });

  it("does not take a label of another dataset, nor an inherited property, for a match", () => {
    const two = site("a/x", [dataset("one", { a: "1" }), dataset("two", { b: "2" })]);
    assert.deepEqual(matchingDatasets(two, { labels: { a: "1", b: "2" } }), []);
    assert.deepEqual(matchingDatasets(two, { labels: { toString: "x" } }), []);
    assert.deepEqual(matchingDatasets(two, { name: "one", labels: { b: "2" } }), []);
  });
});

describe("the bound on a site's rows", () => {
  /** How an agent rounds. */
  const roundDown = (rows: number): number => {
    const unit = 10 ** Math.max(0, String(rows).length - 2);
    return rows - (rows % unit);
  };

  it("is never below the true count, and rounds to the same figure", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (rows) => {
        const bound = upperBound(roundDown(rows));
        assert(bound >= rows);
        assert.equal(roundDown(bound), roundDown(rows));
      }),
    );
  });

  it("is right at every power of ten", () => {
    assert.deepEqual([0, 9, 10, 99].map(upperBound), [0, 9, 10, 99]);
    assert.deepEqual([100, 990, 1000, 9900].map(upperBound), [109, 999, 1099, 9999]);
    for (let power = 2; power < 10; power++)
      assert.equal(upperBound(10 ** power), 11 * 10 ** (power - 1) - 1);
  });
});
