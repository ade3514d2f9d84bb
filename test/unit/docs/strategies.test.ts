import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { strategies } from "#aggregation/strategies/index.js";
import { readPage, rowsOf } from "../../support/pages.js";
import { keysOf } from "../../support/schema-keys.js";

describe("docs/reference/strategies.md", () => {
  const page = readPage("docs/reference/strategies.md");

  it("lists every strategy, what it goes with and what it needs, and no other", async () => {
    const [head = ""] = (await page).split(/^## /m);
    const told = rowsOf(head).map(([name = "", , collect, needs = ""]) => ({
      name: /^\[`([^`]+)`\]\(#\1\)$/.exec(name)?.[1],
      collect,
      needs: needs !== "",
    }));
    assert.deepEqual(
      told,
      strategies.map((strategy) => {
        const { name, needs } = strategy;
        const collect = needs.stale === true ? "stream" : "rounds";
        return { name, collect, needs: strategy.local !== undefined };
      }),
    );
  });

  it("has a section for each, with its paper and every option: its default and its limits", async () => {
    const [, , ...sections] = (await page).split(/^## /m);
    assert.deepEqual(
      sections.map((section) => section.split("\n")[0]),
      strategies.map(({ name }) => name),
    );
    for (const [at, { name, purpose, options }] of strategies.entries()) {
      const section = sections[at] ?? "";
      const paper = /arXiv [\d.]+\d/.exec(purpose)?.[0] ?? "";
      const family = /^As `(\w+)`/m.exec(section)?.[1];
      const whole = family === undefined ? section : sections.find((one) => one.startsWith(`${family}\n`));
      assert.ok(whole?.includes(paper), `${name} must name ${paper}`);
      const rows = rowsOf(section);
      const keys = keysOf(options);
      assert.deepEqual(
        rows.map(([key, , standard]) => [key, standard]),
        keys.map((key) => [`\`${key.path}\``, key.default]),
        name,
      );
      for (const [row, key] of keys.entries())
        for (const limit of key.limits) assert.ok(rows[row]?.[3]?.includes(limit), `${name}: ${limit}`);
      assert.equal(section.includes("It has no options."), keys.length === 0, name);
    }
  });

  it("says which take whole numbers", async () => {
    const sentence = /Whole numbers[\s\S]+?refuse them\./.exec(await page)?.[0] ?? "";
    for (const { name, integers } of strategies)
      assert.equal(sentence.includes(`\`${name}\``), integers === true, name);
  });
});
