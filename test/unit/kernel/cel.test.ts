import assert from "node:assert/strict";
import { describe, it } from "mocha";
import * as cel from "#kernel/cel.js";
import { bracketDepth } from "#kernel/cel-brackets.js";

const site = {
  site: "acme/berlin",
  organisation: "acme",
  online: true,
  labels: { gpu: "true" },
  datasets: [{ name: "digits", trainRows: 300 }],
  queueSeconds: 30,
  absent: undefined,
};

const { celLimits } = cel;
const checkCel = (text: string) => cel.checkCel(text, ["site"]);
const compileFilter = (text: string) => {
  const rule = cel.compileFilter(text, ["site"]);
  return (one: object) => rule({ site: one });
};
const compileScore = (text: string) => {
  const rule = cel.compileScore(text, ["site"]);
  return (one: object) => rule({ site: one });
};

describe("rules in CEL", () => {
  it("takes a site that meets the rule, and says which part of it another does not meet", () => {
    const rule = compileFilter(
      'site.online && site.labels.gpu == "true" && site.datasets.exists(d, d.name == "digits" && d.trainRows > 100.0)',
    );
    assert.equal(rule(site), undefined);
    assert.equal(rule({ ...site, online: false }), "site.online is not true of it");
    assert.match(rule({ ...site, labels: {} }) ?? "", /^site\.labels\.gpu == "true" cannot be told of it/);
    assert.match(rule({ ...site, datasets: [] }) ?? "", /exists.* is not true of it$/);
    assert.match(compileFilter("site.absent")(site) ?? "", /cannot be told/);
    assert.match(compileFilter("site.labels.gpu")(site) ?? "", /neither true nor false/);
  });

  it("scores, and puts a site last that has no score", () => {
    const score = compileScore("(site.online ? 5.0 : 0.0) - site.queueSeconds / 60.0");
    assert.equal(score(site), 4.5);
    assert.equal(score({ ...site, queueSeconds: undefined }), Number.NEGATIVE_INFINITY);
    assert.equal(compileScore("2")(site), 2);
    assert.equal(compileScore("'x'")(site), Number.NEGATIVE_INFINITY);
  });

  for (const [text, words] of [
    ["site.online &&", "1:13"],
    ["sit.online", 'did you mean "site"?'],
    ["launch(site)", "no function launch"],
    ["(".repeat(1500), "nested too deeply"],
    ["[{(".repeat(30), "nested too deeply"],
    [`${"[".repeat(100)}${"]".repeat(100)}`, "nested too deeply"],
    [`"${"x".repeat(celLimits.maxLength)}"`, "longer than"],
    ["[1].all(a, [1].all(b, [1].all(c, true)))", "loops"],
  ] as const) {
    it(`refuses ${text.slice(0, 40)}`, () => {
      assert.ok(checkCel(text)?.includes(words), checkCel(text));
      assert.throws(() => compileFilter(text), { code: "ARGUMENT_INVALID" });
    });
  }

  it("counts brackets in each other where the parser would take seconds for them, and none that only stand in a text", () => {
    for (const [text, depth] of [
      ['f([{"a": [1]}]) + (1)', 4],
      [String.raw`"[[[" + '((' + "\"[["`, 0],
      [`'''a'[[''' + """"{{"""`, 0],
      [String.raw`r"\"[[[`, 3],
      [String.raw`bR'\'[[[`, 3],
      ["[[ // ]]\n[[", 4],
      ["]]]][", 1],
      ['"[[', 2],
    ] as const)
      assert.equal(bracketDepth(text), depth, text);
  });

  it("ends for a regular expression that explodes elsewhere", () => {
    const rule = compileFilter('site.labels.gpu.matches("^(a+)+$")');
    assert.match(rule({ ...site, labels: { gpu: `${"a".repeat(5000)}b` } }) ?? "", /is not true of it$/);
  });

  it("knows the variables that it was given, and no others", () => {
    const rule = cel.compileFilter("age >= 18.0 && city != 'x'", ["age", "city"]);
    assert.equal(rule({ age: 18, city: "berlin" }), undefined);
    assert.equal(rule({ age: 17, city: "berlin" }), "age >= 18.0 is not true of it");
    assert.match(rule({ city: "berlin" }) ?? "", /cannot be told of it/);
    assert.match(
      cel.checkCel("site.age > 1.0", ["age", "city"]) ?? "",
      /no site here; a rule speaks of age and city/,
    );
    assert.match(cel.checkCel("cty == 'x'", ["age", "city"]) ?? "", /did you mean "city"/);
  });
});
