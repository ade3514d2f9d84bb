import assert from "node:assert/strict";
import fc from "fast-check";
import { after, describe, it } from "mocha";
import type { z } from "zod";
import { type At, atSchema } from "#hub/routing/at.js";
import { chooseSites } from "#hub/routing/choose.js";
import { SiteChooser } from "#hub/routing/chooser.js";
import type { RoutingHistory } from "#hub/routing/rank.js";
import { fittingSites, matchingDatasets, type Rejection } from "#hub/routing/select.js";
import type { Dataset, Site } from "#hub/sites/model.js";
import { upperBound } from "#hub/sites/service.js";
import { parseSiteId } from "#kernel/ids.js";
import type { DatasetSelector } from "#proto/codec/work.js";

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
    capabilities: ["train", "evaluate"],
    lastSeenMs: undefined,
    revokedAtMs: undefined,
    revokedReason: undefined,
    certificateExpiresAtMs: undefined,
    ...changes,
  };
}

const atOf = (at: z.input<typeof atSchema>): At => atSchema.parse(at);
const online = () => true;

/** The ids of those that fit, and the others with their reasons. */
function fit(sites: readonly Site[], dataset: DatasetSelector, at: z.input<typeof atSchema> = {}) {
  const { fitting, rejected } = fittingSites(
    sites,
    { dataset, at: atOf(at), rows: "train", capabilities: ["train"] },
    online,
  );
  return { fitting: fitting.map((one) => one.site.id as string), reasons: reasonsOf(rejected) };
}

const reasonsOf = (rejected: readonly Rejection[]): Record<string, string> =>
  Object.fromEntries(rejected.map(({ site: id, reason }) => [id, reason]));

const digits = dataset("digits", { dataset: "digits", year: "2024" });
const wanted: DatasetSelector = { labels: { dataset: "digits" } };

describe("the sites that fit", () => {
  it("are those whose one dataset has every label, in the order of their ids", () => {
    const sites = [site("b/x", [digits]), site("a/y", [digits]), site("a/x", [digits])];
    assert.deepEqual(fit(sites, wanted), { fitting: ["a/x", "a/y", "b/x"], reasons: {} });
    assert.equal(fit(sites, { name: "digits", labels: { year: "2024" } }).fitting.length, 3);
  });

  it("leave the others with their reasons", () => {
    const sites = [
      site("a/revoked", [digits], { revokedAtMs: 1 }),
      site("a/invited", [], { agentVersion: undefined }),
      site("a/empty", []),
      site("a/none", [{ ...digits, trainRows: 0 }]),
      site("a/other", [dataset("faces", { dataset: "faces" })]),
      site("a/both", [digits, dataset("more", { dataset: "digits" })]),
    ];
    const { fitting, reasons } = fit(sites, wanted);
    assert.deepEqual(fitting, []);
    assert.deepEqual(reasons, {
      "a/both": "2 of its datasets match dataset=digits; name one",
      "a/empty": "it has no dataset with dataset=digits",
      "a/invited": "its agent has never connected",
      "a/none": "its dataset has no rows to train on",
      "a/other": "it has no dataset with dataset=digits (it has faces)",
      "a/revoked": "it is revoked",
    });
  });

  it("need rows of the share that the work is on", () => {
    const untested = [site("a/x", [{ ...digits, testRows: 0 }])];
    const wish = { dataset: wanted, at: atOf({}), rows: "test", capabilities: [] } as const;
    assert.deepEqual(reasonsOf(fittingSites(untested, wish, online).rejected), {
      "a/x": "its dataset has no rows to test on",
    });
    assert.deepEqual(fit(untested, wanted).fitting, ["a/x"]);
  });

  it("do not take a label of another dataset, nor an inherited property, for a match", () => {
    const two = site("a/x", [dataset("one", { a: "1" }), dataset("two", { b: "2" })]);
    assert.deepEqual(matchingDatasets(two, { labels: { a: "1", b: "2" } }), []);
    assert.deepEqual(matchingDatasets(two, { labels: { toString: "x" } }), []);
    assert.deepEqual(matchingDatasets(two, { name: "one", labels: { b: "2" } }), []);
  });

  it("meet each rule, and are told which one they do not meet", () => {
    const sites = [
      site("a/x", [digits], { labels: { region: "eu", tier: "gold" } }),
      site("a/y", [digits], { labels: { region: "us" } }),
      site("b/z", [digits], { organisation: "other" }),
    ];
    assert.deepEqual(fit(sites, wanted, { site: "a/y" }), {
      fitting: ["a/y"],
      reasons: { "a/x": "only a/y is asked", "b/z": "only a/y is asked" },
    });
    assert.deepEqual(fit(sites, wanted, { select: { labels: { region: "eu", tier: "gold" } } }), {
      fitting: ["a/x"],
      reasons: {
        "a/y": "it has no label region=eu, tier=gold",
        "b/z": "it has no label region=eu, tier=gold",
      },
    });
    assert.deepEqual(fit(sites, wanted, { select: { organisations: ["other"] } }), {
      fitting: ["b/z"],
      reasons: {
        "a/x": "its organisation is not one of other",
        "a/y": "its organisation is not one of other",
      },
    });
  });

  it("may be asked for in CEL: the part that is not met is named", () => {
    const sites = [
      site("a/x", [digits], { labels: { region: "eu", id: "shadowed" } }),
      site("a/y", [digits], { labels: { region: "us" } }),
      site("a/z", [digits]),
    ];
    const where = "site.online && site.region == 'eu' && site.dataset.trainRows >= 100.0";
    const { fitting, reasons } = fit(sites, wanted, { where });
    assert.deepEqual(fitting, ["a/x"]);
    assert.match(reasons["a/y"] ?? "", /site\.region == .eu.*not true/);
    assert.match(reasons["a/z"] ?? "", /site\.region == .eu.*cannot be told/);
    const own = "site.id == 'a/x' && site.labels.id == 'shadowed'";
    assert.deepEqual(fit(sites, wanted, { where: own }).fitting, ["a/x"]);
  });
});

describe("the choice among the sites that fit", () => {
  const chooser = new SiteChooser();
  after(() => chooser.close());
  const many = Array.from({ length: 8 }, (_, at) =>
    site(`a/s${at}`, [{ ...digits, trainRows: 100 * (at + 1) }]),
  );
  const choose = (
    at: z.input<typeof atSchema>,
    { round = 1, sites = many, history }: { round?: number; sites?: Site[]; history?: RoutingHistory } = {},
  ) => {
    const wish = { dataset: wanted, at: atOf(at), rows: "train", capabilities: ["train"] } as const;
    return chooseSites(sites, wish, online, round, history);
  };

  it("is the same in a thread, where rules in CEL are asked", async () => {
    const history = { previous: new Set([parseSiteId("a/s3")]), asked: new Map() };
    const rules = {
      where: "site.dataset.trainRows > 200.0",
      score: "site.dataset.trainRows",
      limit: 2,
      affinity: "previous",
    } as const;
    const wish = { dataset: wanted, at: atOf(rules), rows: "train", capabilities: ["train"] } as const;
    const present = new Set(many.slice(1).map(({ id }) => id));
    const request = { sites: many, wish, online: present, draw: 3, history };
    const here = chooseSites(many, wish, (id) => present.has(id), 3, history);
    assert.deepEqual(await chooser.choose(request), here);
    assert.deepEqual(here.chosen, ["a/s3", "a/s7"]);
  });

  it("is refused when its rules take for ever, and holds nobody up meanwhile", async () => {
    const ones = `[${"1,".repeat(450)}1]`;
    const loops = `${ones}.map(x, ${ones}.map(y, x + y)).size() > 1`;
    const wish = {
      dataset: wanted,
      at: atOf({ where: loops }),
      rows: "train",
      capabilities: ["train"],
    } as const;
    const sites = Array.from({ length: 500 }, (_, at) => site(`a/s${at}`, [digits]));
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    await assert.rejects(chooser.choose({ sites, wish, online: new Set(), draw: 1 }), {
      code: "EXPRESSION_FAILED",
      message: /longer than 2000 ms for 500 sites/,
    });
    clearInterval(ticking);
    assert.ok(turns > 10, `${turns} turns`);
  });

  it("is everybody where no rule says otherwise", () => {
    assert.equal(choose({}).chosen.length, 8);
    assert.deepEqual(choose({ limit: 8 }).rejected, []);
  });

  it("takes those with the highest score, and tells the others their place", () => {
    const { chosen, rejected } = choose({ limit: 2, score: "site.dataset.trainRows" });
    assert.deepEqual(chosen, ["a/s6", "a/s7"]);
    assert.equal(
      reasonsOf(rejected)["a/s5"],
      "2 of 8 sites are taken and it is number 3, with a score of 600",
    );
    assert.deepEqual(choose({ limit: 2 }).chosen, ["a/s0", "a/s1"]);
  });

  it("may be a draw: the same for the same seed and round, whoever else is there", () => {
    const draw = (round: number, sites: Site[] = many, seed = 3) =>
      choose({ sample: { count: 3, seed } }, { round, sites }).chosen;
    assert.deepEqual(draw(1), draw(1, many.toReversed()));
    const rounds = Array.from({ length: 20 }, (_, round) => draw(round).join());
    assert.ok(new Set(rounds).size > 10, "the rounds draw alike");
    assert.notDeepEqual(
      [draw(1), draw(2), draw(3)],
      [1, 2, 3].map((round) => draw(round, many, 4)),
    );
    const gone = draw(1)[0];
    const rest = many.filter(({ id }) => id !== gone);
    for (const id of draw(1).slice(1)) assert.ok(draw(1, rest).includes(id), "the others' draw has changed");
  });

  it("goes back to the sites of the last round, or to those asked least", () => {
    const id = (at: number) => parseSiteId(`a/s${at}`);
    const history = {
      previous: new Set([id(6), id(7)]),
      asked: new Map([0, 1, 2, 3, 6, 7].map((at) => [id(at), at === 0 ? 5 : 1])),
    };
    assert.deepEqual(choose({ limit: 3, affinity: "previous" }, { history }).chosen, [
      "a/s0",
      "a/s6",
      "a/s7",
    ]);
    assert.deepEqual(choose({ limit: 3, affinity: "spread" }, { history }).chosen, ["a/s1", "a/s4", "a/s5"]);
  });

  it("leaves out those that are not there, but names them", () => {
    const wish = { dataset: wanted, at: atOf({ limit: 2 }), rows: "train", capabilities: ["train"] } as const;
    const { chosen, away, rejected } = chooseSites(many, wish, (id) => id !== "a/s0", 1);
    assert.deepEqual([chosen, away], [["a/s1", "a/s2"], ["a/s0"]]);
    assert.equal(reasonsOf(rejected)["a/s0"], "it is not connected");
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
