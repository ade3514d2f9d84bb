import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "mocha";
import { root } from "../../support/pages.js";

/** Every page that users read. */
async function pages(): Promise<string[]> {
  const below = await readdir(join(root, "docs"), { recursive: true });
  return [
    "README.md",
    "CHANGELOG.md",
    ...below.filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
  ];
}

/** A page without its blocks of code, where a bracket is no link. */
const prose = (markdown: string): string => markdown.replace(/^```.*?^```$/gms, "");

/** The anchors that a page's headings make, as the usual renderers do. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading ?? "");
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("the documentation's links", () => {
  it("each lead to a file of the checkout, and to a heading that is there", async () => {
    const faults: string[] = [];
    for (const page of await pages()) {
      const text = await readFile(join(root, page), "utf8");
      for (const [, target = ""] of prose(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? join(root, page) : join(root, dirname(page), path);
        if (!existsSync(file)) faults.push(`${page}: ${target}`);
        else if (anchor !== undefined && !(await hasAnchor(file, anchor))) faults.push(`${page}: ${target}`);
      }
    }
    assert.deepEqual(faults, []);
  });
});

async function hasAnchor(file: string, anchor: string): Promise<boolean> {
  return (await stat(file)).isFile() && anchorsOf(await readFile(file, "utf8")).has(anchor);
}
