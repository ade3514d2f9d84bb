import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "mocha";
import { parse, stringify } from "yaml";
import { hubPaths } from "#hub/config.js";
import { initHub } from "#hub/init.js";
import { startHub } from "#hub/main.js";
import { silentLog } from "#kernel/log.js";
import { Federation, pointsPlan } from "../support/federation.js";
import { temporaryFolders } from "../support/folders.js";
import { freePorts } from "../support/hub.js";
import { skipWithoutPostgres, temporaryDatabases } from "../support/stores.js";

describe("a hub on PostgreSQL", function () {
  this.timeout(120_000);
  skipWithoutPostgres();
  const newDatabase = temporaryDatabases();
  const folder = temporaryFolders();

  it("trains the same model as one on SQLite, bit for bit, also when it is killed in a round", async () => {
    const models = [];
    for (const database of [undefined, await newDatabase()]) {
      await using federation = await Federation.start({
        sites: 2,
        ...(database && { database: database.address }),
      });
      let killed = false;
      const { run } = await federation.train({ ...pointsPlan, rounds: 2 }, async ({ type }) => {
        if (database === undefined || killed || type !== "assignment.delivered") return;
        killed = true;
        await federation.kill("hub");
        await federation.up("hub");
      });
      assert.equal(run.state, "completed", run.errorText);
      assert.equal(killed, database !== undefined);
      models.push(run.model?.sha256);
      if (database !== undefined) {
        const rows = await database.query("select count(*)::int as n from model_versions");
        assert.equal(rows[0]?.["n"], run.rounds.length + 1, "the rows are in PostgreSQL");
        assert.doesNotMatch(await federation.log("hub"), new RegExp(new URL(database.address).password));
      }
    }
    assert.equal(models[0], models[1]);
  });

  it("refuses a database that holds another hub, and a second hub beside the first", async () => {
    const { address } = await newDatabase();
    const ports = async () => {
      const [controlPort, agentPort] = await freePorts();
      return { name: "test", names: [], controlPort, agentPort, database: address };
    };
    const dir = join(await folder(), "hub");
    await initHub(dir, await ports());
    assert.equal((await stat(hubPaths(dir).config)).mode & 0o777, 0o600, "the address may hold a password");
    const other = join(await folder(), "other");
    await assert.rejects(initHub(other, await ports()), { code: "ALREADY_EXISTS" });
    await assert.rejects(stat(other), { code: "ENOENT" });
    const first = await startHub({ dir, log: silentLog });
    try {
      await initHub(other, { ...(await ports()), database: (await newDatabase()).address });
      const path = hubPaths(other).config;
      const config = parse(await readFile(path, "utf8")) as object;
      await writeFile(path, stringify({ ...config, database: { postgres: address } }));
      await assert.rejects(startHub({ dir: other, log: silentLog }), { code: "STORE_BUSY" });
    } finally {
      await first.stop();
    }
  });
});
