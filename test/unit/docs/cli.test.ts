import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { cliReference } from "../../support/cli-reference.js";
import { readPage } from "../../support/pages.js";

describe("docs/reference/cli.md", () => {
  it("is what the commands say of themselves", async () => {
    const page = await readPage("docs/reference/cli.md");
    assert.equal(page, cliReference(), "The page is stale: run `node scripts/cli-docs.mjs` after a build.");
  });
});
