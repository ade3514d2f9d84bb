import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parseDocument } from "yaml";
import type { Digits } from "#cli/demo/mnist.js";
import { classCounts, shareOut } from "#cli/demo/share.js";
import { digitsDataset } from "#cli/demo/site-data.js";
import { Workspace } from "#cli/demo/workspace.js";
import { freePort } from "#cli/free-port.js";
import { datasetConfigSchema } from "#node-agent/data/config.js";

const digits = (count: number): Digits => ({
  count,
  pixelsEach: 1,
  pixels: new Uint8Array(count),
  labels: Uint8Array.from({ length: count }, (_, at) => (at * 7) % 10),
});

describe("the demo's shares", () => {
  for (const split of ["iid", "dirichlet", "shards"] as const) {
    it(`by ${split} give every digit to one site, the same ones for the same seed`, () => {
      const [train, test] = [digits(3000), digits(1000)];
      const options = { rows: 2000, split, sites: 5, seed: 3 };
      const shares = shareOut(train, test, options);
      assert.deepEqual(
        shares.flatMap((share) => [...share.train]).sort((a, b) => a - b),
        Array.from({ length: 2000 }, (_, at) => at),
      );
      assert.deepEqual(new Set(shares.flatMap((share) => [...share.test])).size, 1000);
      assert.deepEqual(shareOut(train, test, options), shares);
      assert.notDeepEqual(shareOut(train, test, { ...options, seed: 4 }), shares);
    });
  }

  it("by shards have few labels, the same in training and test", () => {
    const [train, test] = [digits(5000), digits(1000)];
    for (const share of shareOut(train, test, { rows: 5000, split: "shards", sites: 5, seed: 1 })) {
      const labels = (rows: Uint32Array): number[] =>
        classCounts(train.labels, rows).flatMap((count, label) => (count > 0 ? [label] : []));
      assert.ok(labels(share.train).length <= 2);
      assert.deepEqual(labels(share.train), labels(share.test));
    }
  });

  it("are described to the agent in words that its configuration takes", () => {
    const text = parseDocument("datasets: []");
    text.set("datasets", [digitsDataset]);
    const [dataset] = (text.toJS() as { datasets: unknown[] }).datasets;
    assert.equal(datasetConfigSchema.parse(dataset).target, "label");
  });
});

describe("the demo's folder", () => {
  it("is for its owner only, and goes but for the model", async () => {
    const workspace = await Workspace.create(undefined);
    try {
      assert.equal((await stat(workspace.directory)).mode & 0o777, 0o700);
      await mkdir(workspace.hub);
      await writeFile(workspace.model, "m");
      await workspace.keepOnlyModel();
      assert.deepEqual(await readdir(workspace.directory), ["model.safetensors"]);
    } finally {
      workspace.removeNow();
    }
    assert.ok(!existsSync(workspace.directory));
  });

  it("that is kept must be empty, and stays", async () => {
    const folder = await mkdtemp(join(tmpdir(), "comity-keep-"));
    try {
      const workspace = await Workspace.create(join(folder, "new"));
      await workspace.keepOnlyModel();
      workspace.removeNow();
      assert.deepEqual(await readdir(join(folder, "new")), ["logs"]);
      await assert.rejects(Workspace.create(join(folder, "new")), { code: "DIRECTORY_INVALID" });
      await writeFile(join(folder, "file"), "");
      await assert.rejects(Workspace.create(join(folder, "file")), {
        code: "DIRECTORY_INVALID",
        message: /is no folder/,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("a free port", () => {
  it("is below those of outgoing connections", async () => {
    const port = await freePort();
    assert.ok(port >= 20_000 && port < 32_000);
  });
});
