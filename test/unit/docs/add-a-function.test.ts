import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "mocha";
import { parse } from "yaml";
import type { FederatedFunction } from "#hub/federated/function.js";
import { parseSiteId } from "#kernel/ids.js";
import { checkEgress } from "#node-agent/assignments/egress.js";
import type { Cell } from "#node-agent/data/connector.js";
import type { RowWork } from "#node-agent/rows/work.js";
import { tryHowTo } from "../../support/how-to.js";
import { readPage, root } from "../../support/pages.js";
import { playRound } from "../../support/played.js";
import { foldRows } from "../../support/row-data.js";

const page = "docs/guide/add-a-function.md";

describe(page, function () {
  this.timeout(120_000);

  it("adds a kind of work, a step and a function that compile, and that are played as they say", async () => {
    await tryHowTo(page, "hub/federated/functions/filled.ts", async (module) => {
      const { fedFilled } = module as { fedFilled: FederatedFunction };
      const step = pathToFileURL(join(root, "dist/node-agent/steps/filled.js")).href;
      const { filledWork } = (await import(step)) as { filledWork: RowWork<unknown, readonly number[]> };
      const sites = ["acme/a", "acme/b", "acme/c"].map(parseSiteId);
      const rows: Readonly<Record<string, readonly Cell[][]>> = {
        "acme/a": [
          [63, null, "x"],
          [null, null, "y"],
        ],
        "acme/b": [[54, 233, null]],
        "acme/c": [[null, null, "z"]],
      };
      const given = (parse(await exampleOf(page)) as { do: [{ look: { with: object } }] }).do[0].look.with;
      const { turn } = playRound(fedFilled, given, sites, (site, { body }) => {
        const data = {
          columns: { age: "number", chol: "number", note: "text" },
          rows: rows[site] ?? [],
        } as const;
        const value = foldRows(filledWork, body, data);
        const answer = { samples: 0, figures: {}, tensors: undefined, value };
        checkEgress({ step: { kind: filledWork.kind, run: () => assert.fail() }, body }, answer, 1);
        assert.throws(
          () => checkEgress({ step: { kind: filledWork.kind, run: () => assert.fail() }, body }, answer, 5),
          { code: "POLICY_REFUSED", message: /fewer rows than the site's policy asks for/ },
        );
        return { value };
      });
      assert.ok("output" in turn);
      assert.deepEqual(turn.output({ round: 1, version: 0, seconds: 1 }), {
        rows: 4,
        columns: { age: 2, chol: 1 },
        sites: ["acme/a", "acme/b", "acme/c"],
      });
      const facts = filledWork.kind.facts(fedFilled.first(fedFilled.argument.parse(given)).body);
      assert.deepEqual(facts.columns, ["age", "chol"]);
    });
  });

  it("names lists that are there", async () => {
    const lists = {
      "proto/work/index.ts": "kinds",
      "node-agent/steps/row-works.ts": "rowWorks",
      "hub/federated/functions/index.ts": "functions",
    };
    const text = await readPage(page);
    for (const [file, list] of Object.entries(lists)) {
      assert.ok(
        text.includes(`among \`${list}\` in\n\`${file}\``) ||
          text.includes(`among \`${list}\` in \`${file}\``),
        file,
      );
      assert.match(await readPage(file), new RegExp(`export const ${list}: readonly`), file);
    }
  });
});

/** The workflow that the page shows. */
async function exampleOf(path: string): Promise<string> {
  return /^```yaml\n(.*?)^```$/ms.exec(await readPage(path))?.[1] ?? "";
}
