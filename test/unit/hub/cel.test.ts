import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { celLimits, checkCel, compileFilter, compileScore } from "#hub/routing/cel.js";

const site = {
  site: "acme/berlin",
  organisation: "acme",
  online: true,
  labels: { gpu: "true" },
  datasets: [{ name: "digits", trainRows: 300 }],
  queueSeconds: 30,
  absent: undefined,
};

describe("rules over sites", () => {
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
    ["(".repeat(1500), "call stack"],
    [`${"[".repeat(100)}${"]".repeat(100)}`, "nested too deeply"],
    [`"${"x".repeat(celLimits.maxLength)}"`, "longer than"],
    ["[1].all(a, [1].all(b, [1].all(c, true)))", "loops"],
  ] as const) {
    it(`refuses ${text.slice(0, 40)}`, () => {
      assert.ok(checkCel(text)?.includes(words), checkCel(text));
      assert.throws(() => compileFilter(text), { code: "ARGUMENT_INVALID" });
    });
  }

  it("ends for a regular expression that explodes elsewhere", () => {
    const rule = compileFilter('site.labels.gpu.matches("^(a+)+$")');
    assert.match(rule({ ...site, labels: { gpu: `${"a".repeat(5000)}b` } }) ?? "", /is not true of it$/);
  });
});
