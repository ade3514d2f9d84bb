import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { describe, it } from "mocha";
import { parse } from "yaml";
import type { z } from "zod";
import { profileSchema } from "#client/profile.js";
import { hubConfigSchema } from "#hub/config.js";
import { fedTrain, planSchema } from "#hub/federated/functions/train.js";
import { agentConfigSchema } from "#node-agent/config.js";
import { readPage, root, rowsOf } from "../../support/pages.js";
import { keysOf } from "../../support/schema-keys.js";

/** A section of a page, from its heading to the next one of the same rank. */
function sectionOf(page: string, heading: string): string {
  const found = page.split(/^## /m).find((section) => section.startsWith(`${heading}\n`));
  assert.ok(found !== undefined, `there is no section ${heading}`);
  return found;
}

/** The rows of a table of keys: key, type, default, meaning. */
const keyRows = (markdown: string) => rowsOf(markdown).filter((cells) => cells.length === 4);

function compare(markdown: string, schema: z.core.$ZodType): void {
  const rows = new Map(keyRows(markdown).map((cells) => [(cells[0] ?? "").replaceAll("`", ""), cells]));
  const keys = keysOf(schema);
  assert.deepEqual(
    [...rows.keys()],
    keys.map(({ path }) => path),
  );
  for (const key of keys) {
    const [, , told, ...rest] = rows.get(key.path) ?? [];
    assert.equal(told, key.default, `the default of ${key.path}`);
    const text = (rows.get(key.path) ?? []).slice(1).join(" ") + rest.join(" ");
    for (const limit of key.limits) assert.ok(text.includes(limit), `${key.path} must name ${limit}`);
  }
}

describe("the pages on configuration name every key that there is, its default and its limits, and no other", () => {
  const files: Record<string, z.core.$ZodType> = {
    "hub.yaml": hubConfigSchema,
    "agent.yaml": agentConfigSchema,
    "operator.json": profileSchema,
  };
  for (const [name, schema] of Object.entries(files)) {
    it(name, async () => {
      compare(sectionOf(await readPage("docs/reference/configuration.md"), name), schema);
    });
  }

  it("the training plan", async () => {
    compare(sectionOf(await readPage("docs/reference/plan.md"), "Keys"), planSchema);
  });

  it("the environment", async () => {
    const read = new Set<string>();
    for (const room of ["kernel", "certs", "proto/rpc", "hub", "node-agent", "client", "cli"]) {
      for (const file of await readdir(root + room, { recursive: true })) {
        if (!file.endsWith(".ts")) continue;
        const text = await readFile(`${root}${room}/${file}`, "utf8");
        for (const [, name = ""] of text.matchAll(/(?:env|environment)\["(\w+)"\]/g))
          read.add(name.toUpperCase());
        for (const [name] of text.matchAll(/\bHTTPS_PROXY\b/g)) read.add(name);
      }
    }
    const section = sectionOf(await readPage("docs/reference/configuration.md"), "Environment");
    const told = rowsOf(section).map(([name]) => (name ?? "").replaceAll("`", ""));
    assert.deepEqual(told.toSorted(), [...read].toSorted());
  });
});

describe("docs/reference/plan.md", () => {
  it("shows plans that a hub takes", async () => {
    const page = await readPage("docs/reference/plan.md");
    const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
    assert.equal(blocks.length, 3);
    const whole = { dataset: { name: "any" }, model: { name: "logistic", input: [1], classes: 2 } };
    for (const block of blocks) fedTrain.check(planSchema.parse({ ...whole, ...(parse(block) as object) }));
  });
});
