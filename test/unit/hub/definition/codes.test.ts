import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "mocha";
import { findingCodes } from "#hub/workflow/definition/finding.js";

describe("the reference of the workflow language", () => {
  it("has every code of a finding, and no other", async () => {
    const page = await readFile("docs/reference/workflow-language.md", "utf8");
    const rows = (page.split("## Findings")[1] ?? "").split("\n").filter((line) => line.startsWith("| `"));
    const told = rows.flatMap((row) =>
      [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]),
    );
    assert.deepEqual(told.toSorted(), [...findingCodes].toSorted());
  });
});
