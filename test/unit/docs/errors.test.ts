import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type ErrorCode, errorKinds, exit, isErrorCode } from "#kernel/errors.js";
import { status } from "#kernel/grpc-status.js";
import { readPage, rowsOf } from "../../support/pages.js";

/** How a code shows itself, as its section says it. */
function factsOf(code: ErrorCode): string {
  const kind: { grpc: number; exit: number; retryable?: boolean } = errorKinds[code];
  const name = Object.entries(status).find(([, number]) => number === kind.grpc)?.[0] ?? "";
  return `gRPC \`${name}\` · exit ${kind.exit} · ${kind.retryable === true ? "retryable" : "not retryable"}`;
}

describe("docs/reference/errors.md", () => {
  it("has one section for each code, in the catalogue's order, and no other", async () => {
    const page = await readPage("docs/reference/errors.md");
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    assert.deepEqual(headings, Object.keys(errorKinds));
  });

  it("says of each code its gRPC status, its exit code and whether to try again, when it comes and what to do", async () => {
    const [, ...sections] = (await readPage("docs/reference/errors.md")).split(/^## /m);
    for (const section of sections) {
      const [code = "", facts, when, what, ...more] = section.trim().split("\n\n");
      assert.ok(isErrorCode(code), code);
      assert.equal(facts, factsOf(code), code);
      assert.match(when ?? "", /^\*\*When:\*\* \S/, code);
      assert.match(what ?? "", /^\*\*What to do:\*\* \S/, code);
      assert.deepEqual(more, [], code);
    }
  });
});

describe("docs/reference/exit-codes.md", () => {
  it("has one row for each exit code of the catalogue, and two for signals", async () => {
    const rows = rowsOf(await readPage("docs/reference/exit-codes.md"));
    const named = rows.filter(([, name]) => name !== "");
    assert.deepEqual(
      named.map(([code, name]) => [name, Number(code)]),
      Object.entries(exit).map(([name, code]) => [`\`${name}\``, code]),
    );
    const signals = rows.filter(([, name]) => name === "").map(([code]) => Number(code));
    assert.deepEqual(signals, [128 + 2, 128 + 15]);
  });
});
