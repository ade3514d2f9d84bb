import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { kinds } from "#proto/work/index.js";
import type { Kind } from "#proto/work/kind.js";
import { readPage, rowsOf } from "../../support/pages.js";

const weights = { rows: "its rows", one: "one", none: "nothing" };

/** What the page says of a kind of work, from its declaration alone. */
function told({ name, purpose, inputs, answer }: Kind): string[] {
  const { leaves, weight, figures } = answer;
  const wanted = Object.entries(inputs).map(([input, { required, purpose: what }]) =>
    required ? `\`${input}\`: ${what}` : `\`${input}\`: ${what}, or none`,
  );
  const numbers =
    figures === undefined
      ? "none"
      : `a ${figures.how} over the sites, ${figures.shown === "each" ? "each site's shown too" : "never a single site's"}`;
  return [`\`${name}\``, purpose, wanted.join("; ") || "none", leaves, weights[weight], numbers];
}

describe("docs/reference/work.md", () => {
  it("says of each kind of work what its declaration says, and of no other", async () => {
    const rows = rowsOf((await readPage("docs/reference/work.md")).split(/^## /m)[0] ?? "");
    assert.deepEqual(rows, kinds.map(told));
  });
});
