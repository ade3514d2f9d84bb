import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, it } from "mocha";
import { parse } from "yaml";
import { datasetConfigSchema } from "#node-agent/data/config.js";
import type { Cell, ConnectorKind } from "#node-agent/data/connector.js";
import { temporaryFolders } from "#test/support/folders.js";
import { tryHowTo } from "../../support/how-to.js";
import { readPage } from "../../support/pages.js";

const page = "docs/guide/add-a-connector.md";

describe(page, function () {
  this.timeout(60_000);
  const folder = temporaryFolders();

  it("adds a connector that compiles, and that reads what it says", async () => {
    const directory = await folder();
    const csv = "length,width,kind\n5.5,2,iris\n1,,tulip\n3,2,iris\n";
    await writeFile(join(directory, "flowers.csv.gz"), gzipSync(csv));
    await writeFile(join(directory, "plain.csv"), csv);
    const yaml = /^```yaml\n(.*?)^```$/ms.exec(await readPage(page))?.[1] ?? "";
    const [shown] = (parse(yaml) as { datasets: [Record<string, unknown>] }).datasets;
    await tryHowTo(page, "node-agent/data/csv-gzip.ts", async (module) => {
      const { gzipFiles } = module as { gzipFiles: ConnectorKind };
      assert.equal(shown["connector"], gzipFiles.name);
      // Its name stands in the list only once somebody has written it there.
      const config = datasetConfigSchema.parse({ ...shown, connector: "csv" });
      const connector = gzipFiles.open(config, directory);
      assert.deepEqual(await connector.count(), { train: 3, test: 0 });
      const rows: Cell[][] = [];
      await connector.scan("all", {
        begin: () => ["kind", "width"],
        row: (cells) => void rows.push([...cells]),
      });
      assert.deepEqual(rows, [
        ["iris", 2],
        ["tulip", null],
        ["iris", 2],
      ]);
      await assert.rejects(connector.load("train"), {
        code: "DATA_INVALID",
        message: /:3: the value of width/,
      });
      const open = (path: string) => gzipFiles.open({ ...config, path }, directory).count();
      await assert.rejects(open("none.gz"), {
        code: "DATA_INVALID",
        message: /none\.gz: there is no such file/,
      });
      await assert.rejects(open("plain.csv"), { code: "DATA_INVALID", message: /not packed with gzip/ });
    });
  });

  it("names a list that is there", async () => {
    assert.match(
      await readPage(page),
      /`gzipFiles` among `connectors` in `node-agent\/data\/connectors\.ts`/,
    );
    assert.match(await readPage("node-agent/data/connectors.ts"), /export const connectors: readonly/);
  });
});
