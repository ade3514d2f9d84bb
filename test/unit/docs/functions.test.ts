import assert from "node:assert/strict";
import { after, describe, it } from "mocha";
import { lintDefinition } from "#hub/workflow/definition/lint.js";
import { JqExpressions } from "#hub/workflow/expression/service.js";
import { declaredFunctions } from "#hub/federated/functions/index.js";
import { readPage, rowsOf } from "../../support/pages.js";
import { keysOf } from "../../support/schema-keys.js";

const functions = {
  names: declaredFunctions.map(({ name }) => name),
  find: (name: string) => declaredFunctions.find((declared) => declared.name === name),
};

/** Keys with their defaults, by the tables of four columns in a piece of a page. */
const keysIn = (markdown: string): Map<string, string> =>
  new Map(
    rowsOf(markdown)
      .filter((cells) => cells.length === 4)
      .map(([key = "", , told = ""]) => [key.replaceAll("`", ""), told]),
  );

describe("docs/reference/functions.md", () => {
  const expressions = new JqExpressions();
  after(() => expressions.close());

  it("has a section for each function, with its purpose", async () => {
    const sections = (await readPage("docs/reference/functions.md")).split(/^## /m).slice(1);
    assert.deepEqual(
      sections.map((section) =>
        section
          .split("\n")
          .filter((line) => line !== "")
          .slice(0, 2),
      ),
      functions.names.map((name) => [name, functions.find(name)?.purpose]),
    );
  });

  it("tells every key that is not the plan's, and leaves the others to the plan's page", async () => {
    const plan = keysIn((await readPage("docs/reference/plan.md")).split(/^## /m)[1] ?? "");
    for (const section of (await readPage("docs/reference/functions.md")).split(/^## /m).slice(1)) {
      const name = section.slice(0, section.indexOf("\n"));
      const own = keysIn(section);
      const found = functions.find(name);
      assert.ok(found !== undefined);
      const keys = keysOf(found.argument);
      for (const { path, default: told } of keys)
        assert.equal(own.get(path) ?? plan.get(path), told, `${path} of ${name}`);
      for (const key of own.keys())
        assert.ok(
          keys.some(({ path }) => path === key),
          `${name} has no key ${key}`,
        );
    }
  });

  it("shows a workflow that a hub takes", async () => {
    const page = await readPage("docs/reference/functions.md");
    const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
    assert.equal(blocks.length, 2);
    for (const block of blocks) {
      const head = "document: { dsl: 1.0.3, namespace: test, name: test, version: 1.0.0 }\n";
      const { findings } = await lintDefinition(head + block, { expressions, functions });
      assert.deepEqual(findings, []);
    }
  });
});
